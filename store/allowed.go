package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// party is what one allowed decision has in common with many: it is a row of its own.
type party struct {
	revision, port                                                             int
	exe, ancestors, tainted, host, layer, protocol, method, policy, credential string
}

// isPlain reports that nothing is known of a decision but what the table of allowed ones has columns for.
func (d *Decision) isPlain() bool {
	return d.Verdict == VerdictAllow && d.Code == "" && d.RuleMissing == "" && d.Failed == "" && d.Count == 1
}

func (d *Decision) party() party {
	return party{
		revision: d.Revision, port: d.Port,
		exe: d.Exe, ancestors: strings.Join(d.Ancestors, "\n"), tainted: d.Tainted, host: d.Host, layer: d.Layer,
		protocol: d.Protocol, method: d.Method, policy: d.Policy, credential: d.Credential,
	}
}

const insertParty = `INSERT INTO parties (revision, port, exe, ancestors, tainted, host, layer, protocol, method, policy, credential)
	VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?)`

const (
	allowedColumns = 10
	allowedRows    = 16 // that one statement takes: SQLite's cost of a statement is that of a row
)

// insertAllowed is the statement for so many rows.
func insertAllowed(rows int) string {
	row := "(?" + strings.Repeat(", ?", allowedColumns-1) + ")"
	return `INSERT INTO allowed (id, at, party, pid, target, reason, status, bytes_in, bytes_out, duration) VALUES ` +
		row + strings.Repeat(", "+row, rows-1)
}

// maxParties is how many are remembered; the others are written again.
const maxParties = 1024

// parties knows the rows of one file.
type parties map[party]int64

// id returns the row of p, which it writes if it is not known.
func (known parties) id(ctx context.Context, insert *sql.Stmt, p party) (int64, error) {
	if id, ok := known[p]; ok {
		return id, nil
	}
	result, err := insert.ExecContext(ctx, p.revision, p.port, p.exe, p.ancestors, p.tainted, p.host, p.layer, p.protocol, p.method, p.policy, p.credential)
	if err != nil {
		return 0, err
	}
	id, err := result.LastInsertId()
	if err != nil || p.bytes() > maxParty {
		return id, err // it is written again
	}
	if len(known) >= maxParties {
		clear(known)
	}
	known[p.clone()] = id
	return id, nil
}

// maxParty is how many bytes of text are remembered of one: a sandbox chooses paths and names.
const maxParty = 1024

func (p *party) texts() []*string {
	return []*string{&p.exe, &p.ancestors, &p.tainted, &p.host, &p.layer, &p.protocol, &p.method, &p.policy, &p.credential}
}

func (p party) bytes() (n int) {
	for _, s := range p.texts() {
		n += len(*s)
	}
	return n
}

// clone lets go of what the texts are parts of: a method is one of a request's first line, query and all.
func (p party) clone() party {
	for _, s := range p.texts() {
		*s = strings.Clone(*s)
	}
	return p
}

// allow writes decisions that are plain, as many at once as it can.
func (t *decisionTx) allow(ctx context.Context, plain []*Decision) error {
	if len(plain) == 0 {
		return nil
	}
	known, one, many := t.tx.StmtContext(ctx, t.party), t.tx.StmtContext(ctx, t.allowOne), t.tx.StmtContext(ctx, t.allowMany)
	for rows := range slices.Chunk(plain, allowedRows) {
		t.args = t.args[:0]
		for _, d := range rows {
			party, err := t.parties.id(ctx, known, d.party())
			if err != nil {
				return err
			}
			t.args = append(t.args, d.ID, d.Time.UnixNano(), party, d.PID, d.Target, d.Reason, d.Status, d.BytesIn, d.BytesOut, int64(d.Duration))
		}
		insert, width := one, allowedColumns
		if len(rows) == allowedRows {
			insert, width = many, len(t.args)
		}
		for args := range slices.Chunk(t.args, width) {
			if _, err := insert.ExecContext(ctx, args...); err != nil {
				return err
			}
		}
	}
	clear(t.args) // let go of the texts
	return nil
}
