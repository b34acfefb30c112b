package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// decisionWriter owns the files of a log. Only the log's one goroutine uses it.
type decisionWriter struct {
	dirs    Dirs
	sandbox string
	limits  limits
	firsts  []int64 // of all files, oldest first
	newest  *decisionFile
	ballast ballast
	last    int64 // highest id committed
	failed  bool  // the last commit
}

// decisionFile is a file that is written to.
type decisionFile struct {
	db                                                                                *database
	info                                                                              os.FileInfo // of the file that was opened
	record, party, allowOne, allowMany, endAllowed, endOther, moveFailed, dropAllowed *sql.Stmt
	parties                                                                           parties // in it
	args                                                                              []any   // of the last statement, for its memory
}

// A second row with one id is one more of the same denial, or a gap that has grown.
const insertDecision = `INSERT INTO decisions (` + decisionColumns + `)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (id) DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at), reason = excluded.reason`

// How a request ended is added to the row of its decision, in whichever table that is. What failed after all is in the
// table of decisions from then on, which has a column for it.
const (
	endAllowed  = `UPDATE allowed SET status = ?, bytes_in = ?, bytes_out = ?, duration = ? WHERE id = ?`
	endOther    = `UPDATE decisions SET status = ?, bytes_in = ?, bytes_out = ?, duration = ?, failed = ? WHERE id = ?`
	moveFailed  = `INSERT INTO decisions (` + decisionColumns + `) SELECT ` + allowanceColumns + ` FROM allowances WHERE id = ?`
	dropAllowed = `DELETE FROM allowed WHERE id = ?`
)

// open opens the newest file, or the first, and returns the next id.
func (w *decisionWriter) open(ctx context.Context) (next int64, err error) {
	if w.firsts, err = decisionFiles(w.dirs, w.sandbox); err != nil {
		return 0, err
	}
	if len(w.firsts) == 0 {
		w.firsts = []int64{1}
	}
	first := w.firsts[len(w.firsts)-1]
	if w.newest, err = w.openFile(ctx, first); err != nil {
		return 0, err
	}
	_, newest, err := w.newest.db.span(ctx)
	if err != nil {
		return 0, errors.Join(explain(w.newest.db.path, err), w.newest.close())
	}
	w.last = max(newest, first-1)
	return w.last + 1, nil
}

func (w *decisionWriter) openFile(ctx context.Context, first int64) (*decisionFile, error) {
	db, err := decisionsSource(w.dirs, w.sandbox, first).create(ctx, decisionsLock(w.dirs, w.sandbox))
	if err != nil {
		return nil, err
	}
	f := &decisionFile{db: db, parties: parties{}}
	if err := f.prepare(ctx); err != nil {
		return nil, errors.Join(explain(db.path, err), db.close())
	}
	if f.info, err = os.Stat(db.path); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return f, nil
}

// isThere says whether its name still leads to it.
func (f *decisionFile) isThere() bool {
	now, err := os.Stat(f.db.path)
	return err == nil && os.SameFile(now, f.info)
}

func (f *decisionFile) prepare(ctx context.Context) (err error) {
	for text, st := range map[string]**sql.Stmt{
		insertDecision: &f.record, endOther: &f.endOther, endAllowed: &f.endAllowed,
		moveFailed: &f.moveFailed, dropAllowed: &f.dropAllowed,
		insertParty: &f.party, insertAllowed(1): &f.allowOne, insertAllowed(allowedRows): &f.allowMany,
	} {
		if *st, err = f.db.pool.PrepareContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (f *decisionFile) close() error { return f.db.close() }

func (w *decisionWriter) close() {
	w.newest.close() //nolint:errcheck // all of it is committed
	w.ballast.drop()
}

// probe writes a page with what is in it already, to see whether the disk works again.
func (f *decisionFile) probe(ctx context.Context) error {
	return f.change(ctx, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
}

func (f *decisionFile) change(ctx context.Context, do func(*sql.Tx) error) error {
	return explain(f.db.path, f.db.change(ctx, do))
}
