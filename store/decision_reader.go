package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// MaxPage is how many decisions are read at once at most.
const MaxPage = 10000

// defaultPage is how many where nobody says.
const defaultPage = 1000

// DecisionReader reads the decisions of one sandbox, whether or not something
// writes them at the same time. It is safe for concurrent use.
type DecisionReader struct {
	dirs    Dirs
	sandbox string

	mu   sync.Mutex
	open map[int64]*database // by the first id of the file
}

// DecisionFilter chooses decisions; empty fields choose all.
type DecisionFilter struct {
	Denied   bool // only denials
	Since    time.Time
	AfterID  int64 // only later ones, and then the first Limit of them
	BeforeID int64 // only earlier ones
	Host     string
	Policy   string // the deciding block
	Code     string // with Denied, found without a walk over the others
	Oldest   bool   // the first Limit of all, where there is no AfterID
	Limit    int    // without AfterID and Oldest the newest so many; 0 means 1,000, the most is 10,000
}

// OpenDecisionReader opens the decisions of a sandbox for reading. A sandbox that
// has none yet is read as empty.
func OpenDecisionReader(ctx context.Context, d Dirs, sandbox string) (*DecisionReader, error) {
	if err := checkDir(d.State); err != nil {
		return nil, err
	}
	r := &DecisionReader{dirs: d, sandbox: sandbox, open: map[int64]*database{}}
	firsts, err := decisionFiles(d, sandbox)
	if err == nil && len(firsts) > 0 {
		_, err = r.file(ctx, firsts[len(firsts)-1]) // a damaged file should be known now
	}
	if err != nil && !isMissing(err) {
		return nil, errors.Join(r.wrap(err), r.Close())
	}
	return r, nil
}

// Decisions returns what the filter chooses, oldest first.
func (r *DecisionReader) Decisions(ctx context.Context, f DecisionFilter) ([]Decision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	firsts, err := r.files()
	if err != nil {
		return nil, r.wrap(err)
	}
	if f.Limit <= 0 {
		f.Limit = defaultPage
	}
	f.Limit = min(f.Limit, MaxPage)
	if f.ascends() {
		found, err := r.forward(ctx, firsts, f)
		return found, r.wrap(err)
	}
	found, err := r.backward(ctx, firsts, f)
	return found, r.wrap(err)
}

// Decision returns one decision, or ErrNotFound if there is none with the id or
// its file has been deleted.
func (r *DecisionReader) Decision(ctx context.Context, id int64) (Decision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	firsts, err := r.files()
	if err != nil {
		return Decision{}, r.wrap(err)
	}
	i := fileOf(firsts, id)
	if i < 0 {
		return Decision{}, fmt.Errorf("decision %d: %w", id, ErrNotFound)
	}
	db, err := r.file(ctx, firsts[i])
	if isMissing(err) {
		err = ErrNotFound
	}
	if err != nil {
		return Decision{}, fmt.Errorf("decision %d: %w", id, err)
	}
	d, err := one(ctx, db.pool, selection{db: db, conditions: `id = ?`, args: []any{id}, limit: 1}.statement(), scanDecision)
	if err != nil {
		return Decision{}, fmt.Errorf("decision %d: %w", id, explain(db.path, err))
	}
	return d, nil
}

// Close gives the files back.
func (r *DecisionReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var problems []error
	for first, db := range r.open {
		problems = append(problems, db.close())
		delete(r.open, first)
	}
	return errors.Join(problems...)
}

func (r *DecisionReader) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read decisions of sandbox with id %q: %w", r.sandbox, err)
}

// files lists what there is now and closes what has been deleted since.
func (r *DecisionReader) files() ([]int64, error) {
	firsts, err := decisionFiles(r.dirs, r.sandbox)
	for first, db := range r.open {
		if _, still := slices.BinarySearch(firsts, first); !still {
			db.close() //nolint:errcheck // it was only read
			delete(r.open, first)
		}
	}
	return firsts, err
}

// file returns an error that isMissing recognises if the file was deleted since
// it was listed, or is not filled yet.
func (r *DecisionReader) file(ctx context.Context, first int64) (*database, error) {
	if db := r.open[first]; db != nil && db.version >= newestSchema {
		return db, nil
	} else if db != nil { // its writer may have brought it to a newer schema since
		db.close() //nolint:errcheck // it was only read
		delete(r.open, first)
	}
	db, err := decisionsSource(r.dirs, r.sandbox, first).read(ctx)
	if err == nil {
		r.open[first] = db
	}
	return db, err
}
