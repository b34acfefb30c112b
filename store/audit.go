package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// AuditEntry is one line of the audit log. Each contains the hash of the one
// before, so that an entry cannot be changed, taken out or put in without every
// later hash giving it away. A tail cut off shows only against a signed head.
type AuditEntry struct {
	N                      int64 // from 1, without gaps; given by AppendAudit
	Time                   time.Time
	Actor, Action, Subject string
	Detail                 []byte
	Prev, Hash             string // lower hex SHA-256; Prev of the first is empty
}

// AuditError names the first entry that does not fit the ones before it.
type AuditError struct {
	N       int64
	Problem string
}

func (e *AuditError) Error() string { return fmt.Sprintf("audit entry %d %s", e.N, e.Problem) }

// digest hashes all fields but Hash. Each is preceded by its length: otherwise
// letters could move from one field to the next unseen.
func (e AuditEntry) digest() string {
	h := sha256.New()
	for _, field := range []string{"exeat audit 1", e.Prev, e.Actor, e.Action, e.Subject, string(e.Detail)} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		h.Write([]byte(field))
	}
	var at int64
	if !e.Time.IsZero() {
		at = e.Time.UnixNano()
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(e.N)))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(at)))
	return hex.EncodeToString(h.Sum(nil))
}

const selectAudit = `SELECT n, at, actor, action, subject, detail, prev, hash FROM audit `

func scanAudit(row scanner) (e AuditEntry, err error) {
	err = row.Scan(&e.N, (*instant)(&e.Time), &e.Actor, &e.Action, &e.Subject, &e.Detail, &e.Prev, &e.Hash)
	return e, err
}

// AppendAudit adds an entry at the end and returns it with number and hashes. A
// zero time becomes now.
func (s *Store) AppendAudit(ctx context.Context, e AuditEntry) (AuditEntry, error) {
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		last, err := lastAudit(ctx, tx)
		if err != nil {
			return err
		}
		e.N, e.Prev, e.Time = last.N+1, last.Hash, time.Time(orNow(e.Time)).UTC().Round(0)
		e.Hash = e.digest()
		_, err = tx.ExecContext(ctx, `INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			e.N, instant(e.Time), e.Actor, e.Action, e.Subject, e.Detail, e.Prev, e.Hash)
		return err
	})
	return e, s.wrap(err, "append to the audit log")
}

// lastAudit returns the zero entry for an empty log.
func lastAudit(ctx context.Context, q querier) (AuditEntry, error) {
	e, err := one(ctx, q, prepare(selectAudit+`ORDER BY n DESC LIMIT 1`), scanAudit)
	if errors.Is(err, ErrNotFound) {
		return AuditEntry{}, nil
	}
	return e, err
}

// AuditHead returns number and hash of the newest entry, 0 and "" if there is
// none: what an approval signs.
func (s *Store) AuditHead(ctx context.Context) (n int64, hash string, err error) {
	e, err := lastAudit(ctx, s.db.pool)
	return e.N, e.Hash, s.wrap(err, "read the head of the audit log")
}

// Audit returns up to limit entries after the one with number after, oldest first.
func (s *Store) Audit(ctx context.Context, after int64, limit int) ([]AuditEntry, error) {
	list, err := all(ctx, s.db.pool, prepare(selectAudit+`WHERE n > ? ORDER BY n LIMIT ?`, after, limit), scanAudit)
	return list, s.wrap(err, "read the audit log")
}

// VerifyAudit checks the whole chain and returns how many entries, counted from
// the first, are as they were written. If that is not all, the error is an
// *AuditError for the one after.
func (s *Store) VerifyAudit(ctx context.Context) (int64, error) {
	const page = 1000
	var last AuditEntry
	for {
		list, err := s.Audit(ctx, last.N, page)
		if err != nil {
			return last.N, err
		}
		for _, e := range list {
			if err := e.follows(last); err != nil {
				return last.N, err
			}
			last = e
		}
		if len(list) < page {
			return last.N, nil
		}
	}
}

func (e AuditEntry) follows(last AuditEntry) error {
	switch {
	case e.N != last.N+1:
		return &AuditError{N: last.N + 1, Problem: "is missing"}
	case e.Hash != e.digest():
		return &AuditError{N: e.N, Problem: "was changed after it was written"}
	case e.Prev != last.Hash:
		return &AuditError{N: e.N, Problem: "does not follow the one before it"}
	}
	return nil
}
