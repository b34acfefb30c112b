package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// forward collects from the file after AfterID on, up to the limit.
func (r *DecisionReader) forward(ctx context.Context, firsts []int64, f DecisionFilter) ([]Decision, error) {
	var found []Decision
	for i := max(fileOf(firsts, f.AfterID+1), 0); i < len(firsts) && f.Limit > 0; i++ {
		page, _, err := r.page(ctx, firsts[i], f)
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
		f.Limit -= len(page)
	}
	return found, nil
}

// backward collects from the newest file on, or from the one with BeforeID, and
// stops at the first that is older than Since.
func (r *DecisionReader) backward(ctx context.Context, firsts []int64, f DecisionFilter) ([]Decision, error) {
	last := len(firsts) - 1
	if f.BeforeID > 0 {
		last = fileOf(firsts, f.BeforeID-1)
	}
	var pages [][]Decision
	for i := last; i >= 0 && f.Limit > 0; i-- {
		page, more, err := r.page(ctx, firsts[i], f)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
		f.Limit -= len(page)
		if !more {
			break
		}
	}
	slices.Reverse(pages)
	return slices.Concat(pages...), nil
}

// page returns what one file has, oldest first. more is false when all older
// files were written before f.Since.
func (r *DecisionReader) page(ctx context.Context, first int64, f DecisionFilter) (page []Decision, more bool, err error) {
	for {
		db, page, more, err := r.pageAsIs(ctx, first, f)
		if err != nil || db == nil || db.version >= newestSchema {
			return page, more, err
		}
		h, err := db.header(ctx)
		if err != nil {
			return nil, false, explain(db.path, err)
		}
		if h.version == db.version {
			return page, more, nil
		} // it was brought to a newer schema meanwhile: some of it may be in a table that was not looked at
	}
}

func (r *DecisionReader) pageAsIs(ctx context.Context, first int64, f DecisionFilter) (db *database, page []Decision, more bool, err error) {
	db, err = r.file(ctx, first)
	if isMissing(err) {
		return nil, nil, true, nil
	}
	if err != nil {
		return nil, nil, false, err
	}
	from, more := int64(0), true
	if !f.Since.IsZero() {
		if from, more, err = firstSince(ctx, db, f.Since); err != nil {
			return nil, nil, false, explain(db.path, err)
		}
	}
	page, err = all(ctx, db.pool, f.statement(db, from), scanDecision)
	if !f.ascends() {
		slices.Reverse(page)
	}
	return db, page, more, explain(db.path, err)
}

// statement is the query for one file, from id on.
func (f DecisionFilter) statement(db *database, from int64) statement {
	s := selection{db: db, index: f.index(db.version), order: ` DESC`, limit: f.Limit, noAllowed: f.Denied || f.Code != ""}
	where := func(condition string, arg any) {
		s.conditions, s.args = s.conditions+` AND `+condition+` ?`, append(s.args, arg)
	}
	s.conditions = `true`
	if f.Denied {
		s.conditions += ` AND verdict = 'deny'`
	}
	if f.Code != "" {
		where(`code =`, neutral(f.Code))
	}
	where(`id >=`, max(from, f.AfterID+1))
	if f.BeforeID > 0 {
		where(`id <`, f.BeforeID)
	}
	if !f.Since.IsZero() {
		where(`at >=`, f.Since.UnixNano())
	}
	if f.Host != "" {
		where(`host =`, neutral(f.Host))
	}
	if f.Policy != "" {
		where(`policy =`, neutral(f.Policy))
	}
	if f.ascends() {
		s.order = ``
	}
	return s.statement()
}

// ascends tells whether the limit counts from the oldest on.
func (f DecisionFilter) ascends() bool { return f.Oldest || f.AfterID > 0 }

// index names the one to use: SQLite would rather walk the rows in order of id.
func (f DecisionFilter) index(schema int) string {
	switch {
	case f.Denied && f.Code != "" && schema >= codeSchema:
		return `INDEXED BY decisions_code`
	case f.Denied:
		return `INDEXED BY decisions_denied`
	}
	return ``
}

// misorder is how far the times of two decisions may contradict the order of
// their ids: they are taken before the log gives the id.
const misorder = time.Second

// firstSince finds by bisection the lowest id with a time not before since; the
// times follow the ids, so no index has to be kept for them. whole says that no id
// in the file is lower.
func firstSince(ctx context.Context, db *database, since time.Time) (first int64, whole bool, err error) {
	low, high, err := db.span(ctx)
	if err != nil {
		return 0, false, err
	}
	low, high = max(low, 1), high+1
	lowest, next := low, db.fromEach(`SELECT id, at FROM ?t WHERE id >= ?1 ORDER BY id LIMIT 1`)+` ORDER BY id LIMIT 1`
	for before := since.Add(-misorder).UnixNano(); low < high; {
		middle := low + (high-low)/2
		var id, at int64
		err := db.pool.QueryRowContext(ctx, next, middle).Scan(&id, &at)
		switch {
		case errors.Is(err, sql.ErrNoRows), err == nil && at >= before:
			high = middle
		case err != nil:
			return 0, false, err
		default:
			low = id + 1
		}
	}
	return low, low == lowest, nil
}
