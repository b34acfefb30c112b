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
	for i := range endings {
		if err := t.end(ctx, &endings[i]); err != nil {
			return err
		}
	}
	return nil
}

func (t *decisionTx) end(ctx context.Context, e *ending) error {
	if e.Failed != "" {
		if err := t.move(ctx, e.id); err != nil {
			return err
		}
	} else if n, err := t.run(ctx, t.endAllowed, e.Status, e.BytesIn, e.BytesOut, int64(e.Duration), e.id); err != nil || n > 0 {
		return err
	}
	_, err := t.run(ctx, t.endOther, e.Status, e.BytesIn, e.BytesOut, int64(e.Duration), e.Failed, e.id)
	return err
}

// move takes a decision from the table of what was allowed, where it is there, to the one with a column for why it failed.
func (t *decisionTx) move(ctx context.Context, id int64) error {
	n, err := t.run(ctx, t.moveFailed, id)
	if err != nil || n == 0 {
		return err
	}
	_, err = t.run(ctx, t.dropAllowed, id)
	return err
}

// run tells how many rows a statement has changed.
func (t *decisionTx) run(ctx context.Context, st *sql.Stmt, args ...any) (int64, error) {
	result, err := t.tx.StmtContext(ctx, st).ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
