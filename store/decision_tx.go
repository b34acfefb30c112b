package store

import (
	"context"
	"database/sql"
)

// decisionTx is one transaction on a decision file.
type decisionTx struct {
	*decisionFile
	tx *sql.Tx
}

// write puts everything in one transaction.
func (f *decisionFile) write(ctx context.Context, entries []entry, endings []ending) error {
	err := f.change(ctx, func(tx *sql.Tx) error {
		t := &decisionTx{decisionFile: f, tx: tx}
		if err := t.decide(ctx, entries); err != nil {
			return err
		}
		return t.finish(ctx, endings)
	})
	if err != nil {
		clear(f.parties) // those of this transaction are not there
	}
	return err
}

func (t *decisionTx) decide(ctx context.Context, entries []entry) error {
	record := t.tx.StmtContext(ctx, t.record)
	plain := make([]*Decision, 0, len(entries))
	for i := range entries {
		d := &entries[i].Decision
		if d.isPlain() {
			plain = append(plain, d)
			continue
		}
		if _, err := record.ExecContext(ctx, d.values()...); err != nil {
			return err
		}
	}
	return t.allow(ctx, plain)
}

// finish adds what is known of an answer at its end to its decision, in whichever table that is.
func (t *decisionTx) finish(ctx context.Context, endings []ending) error {
	for _, e := range endings {
		if err := t.end(ctx, e, t.endAllowed, t.endOther); err != nil {
			return err
		}
	}
	return nil
}

func (t *decisionTx) end(ctx context.Context, e ending, tables ...*sql.Stmt) error {
	for _, table := range tables {
		result, err := t.tx.StmtContext(ctx, table).ExecContext(ctx, e.status, e.in, e.out, int64(e.duration), e.id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
	}
	return nil
}
