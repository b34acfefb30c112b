package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// The states of a revision. A failed one frees its number.
const (
	RevisionPending = "pending" // signed, not yet loaded by a supervisor
	RevisionLoaded  = "loaded"
	RevisionFailed  = "failed"
)

// Revision is one version of a sandbox's policy, with the statement that puts it
// in force and the signature under it.
type Revision struct {
	Sandbox              string // id
	Number               int    // from 1, without gaps among those that did not fail
	Digest, ParentDigest string
	Text                 []byte // the policy in its canonical rendering
	Statement, Signature []byte // nil for the revision of a frozen sandbox
	Approver, Strength   string
	Source               string // what it came from, such as "create" or "proposal 3"
	Status               string // empty means pending when it is added
	Problem              string // why it failed
	CreatedAt            time.Time
	Providers            []ProviderRef // in force with it, none or some; nil: those of the sandbox's spec
}

const selectRevision = `SELECT sandbox, number, digest, parent_digest, text, statement, signature, approver,
	strength, source, status, problem, created_at, providers FROM revisions `

func scanRevision(row scanner) (r Revision, err error) {
	err = row.Scan(&r.Sandbox, &r.Number, &r.Digest, &r.ParentDigest, &r.Text, &r.Statement, &r.Signature,
		&r.Approver, &r.Strength, &r.Source, &r.Status, &r.Problem, (*instant)(&r.CreatedAt), asJSON(&r.Providers))
	return r, err
}

// AddRevision stores the next revision of a sandbox. It returns ErrConflict
// unless its number is one more than the newest that has not failed: two humans
// who approve at once must not both be told yes.
func (s *Store) AddRevision(ctx context.Context, r Revision) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error { return addRevision(ctx, tx, r) })
	return s.wrap(err, "add revision %d of sandbox with id %q", r.Number, r.Sandbox)
}

// AddRevisionOf is AddRevision for what a pending proposal becomes, whose status
// changes in the same transaction. ErrConflict may also say that it is decided.
func (s *Store) AddRevisionOf(ctx context.Context, proposal int64, status string, r Revision) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		err := moveProposal(ctx, tx, proposal, []string{ProposalPending}, ProposalMove{Status: status, Revision: r.Number})
		if err != nil {
			return err
		}
		return addRevision(ctx, tx, r)
	})
	return s.wrap(err, "add revision %d of sandbox with id %q", r.Number, r.Sandbox)
}

func addRevision(ctx context.Context, tx *sql.Tx, r Revision) error {
	var known bool
	var newest int
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sandboxes WHERE id = ?1), coalesce(max(number), 0)
		FROM revisions WHERE sandbox = ?1 AND status <> 'failed'`, r.Sandbox).Scan(&known, &newest)
	switch {
	case err != nil:
		return err
	case !known:
		return ErrNotFound
	case r.Number != newest+1:
		return fmt.Errorf("the newest is %d: %w", newest, ErrConflict)
	case r.Status == "":
		r.Status = RevisionPending
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO revisions (sandbox, number, digest, parent_digest, text, statement,
		signature, approver, strength, source, status, problem, created_at, providers) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Sandbox, r.Number, r.Digest, r.ParentDigest, r.Text, r.Statement,
		r.Signature, r.Approver, r.Strength, r.Source, r.Status, r.Problem, orNow(r.CreatedAt), asJSON(&r.Providers))
	return err
}

// Revision returns the revision with this number that did not fail, else the one
// that failed last, else ErrNotFound.
func (s *Store) Revision(ctx context.Context, sandbox string, number int) (Revision, error) {
	st := prepare(selectRevision+`WHERE sandbox = ? AND number = ? ORDER BY status = 'failed', seq DESC LIMIT 1`, sandbox, number)
	r, err := one(ctx, s.db.pool, st, scanRevision)
	return r, s.wrap(err, "revision %d of sandbox with id %q", number, sandbox)
}

// Revisions returns all revisions of a sandbox as they were added, failed ones too.
func (s *Store) Revisions(ctx context.Context, sandbox string) ([]Revision, error) {
	list, err := all(ctx, s.db.pool, prepare(selectRevision+`WHERE sandbox = ? ORDER BY seq`, sandbox), scanRevision)
	return list, s.wrap(err, "revisions of sandbox with id %q", sandbox)
}

// LatestRevision returns the newest revision that has not failed, loaded or not.
func (s *Store) LatestRevision(ctx context.Context, sandbox string) (Revision, error) {
	st := prepare(selectRevision+`WHERE sandbox = ? AND status <> 'failed' ORDER BY number DESC LIMIT 1`, sandbox)
	r, err := one(ctx, s.db.pool, st, scanRevision)
	return r, s.wrap(err, "latest revision of sandbox with id %q", sandbox)
}

// SetRevisionStatus records what became of a revision. One that failed stays
// failed: ErrNotFound, because its number may belong to another by now.
func (s *Store) SetRevisionStatus(ctx context.Context, sandbox string, number int, status, problem string) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		return touched(tx.ExecContext(ctx, `UPDATE revisions SET status = ?, problem = ?
			WHERE sandbox = ? AND number = ? AND status <> 'failed'`, status, problem, sandbox, number))
	})
	return s.wrap(err, "set status of revision %d of sandbox with id %q", number, sandbox)
}
