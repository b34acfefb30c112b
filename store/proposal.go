package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ProposalPending is the state a proposal begins in. The others belong to
// package approvals; this one decides here what counts as the same proposal.
const ProposalPending = "pending"

// Proposal is a complete candidate policy, bound to the revision it would change.
type Proposal struct {
	ID           int64  // given by AddProposal, never again
	Sandbox      string // id
	BaseRevision int
	BaseDigest   string
	Digest       string // of Text
	Text         []byte
	Operations   []byte // JSON; nil if the proposer gave a whole policy
	Reason       string // the proposer's own words
	DenialIDs    []int64
	Proposer     string
	Status       string // empty means pending when it is added
	Comment      string // the human's
	Revision     int    // what it became; 0 until then
	CreatedAt    time.Time
	ExpiresAt    time.Time
	DecidedAt    time.Time // of the last move
}

const selectProposal = `SELECT id, sandbox, base_revision, base_digest, digest, text, operations, reason, denial_ids,
	proposer, status, comment, revision, created_at, expires_at, decided_at FROM proposals `

func scanProposal(row scanner) (p Proposal, err error) {
	err = row.Scan(&p.ID, &p.Sandbox, &p.BaseRevision, &p.BaseDigest, &p.Digest, &p.Text, &p.Operations, &p.Reason,
		asJSON(&p.DenialIDs), &p.Proposer, &p.Status, &p.Comment, &p.Revision,
		(*instant)(&p.CreatedAt), (*instant)(&p.ExpiresAt), (*instant)(&p.DecidedAt))
	return p, err
}

// AddProposal stores a proposal and gives it its id. Where the same candidate on
// the same base is pending already, *p becomes that one and existing is true. It
// returns ErrNotFound if the sandbox is gone.
func (s *Store) AddProposal(ctx context.Context, p *Proposal) (existing bool, err error) {
	err = s.db.change(ctx, func(tx *sql.Tx) error {
		if _, err := one(ctx, tx, prepare(selectSandbox+`WHERE id = ?`, p.Sandbox), scanSandbox); err != nil {
			return err
		}
		same, err := one(ctx, tx, prepare(selectProposal+`WHERE sandbox = ? AND base_revision = ? AND base_digest = ?
			AND digest = ? AND status = 'pending'`, p.Sandbox, p.BaseRevision, p.BaseDigest, p.Digest), scanProposal)
		if err == nil {
			*p, existing = same, true
			return nil
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		return insertProposal(ctx, tx, p)
	})
	return existing, s.wrap(err, "add proposal for sandbox with id %q", p.Sandbox)
}

func insertProposal(ctx context.Context, tx *sql.Tx, p *Proposal) error {
	if p.Status == "" {
		p.Status = ProposalPending
	}
	p.CreatedAt = time.Time(orNow(p.CreatedAt))
	result, err := tx.ExecContext(ctx, `INSERT INTO proposals (sandbox, base_revision, base_digest, digest, text, operations,
		reason, denial_ids, proposer, status, comment, revision, created_at, expires_at, decided_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.Sandbox, p.BaseRevision, p.BaseDigest, p.Digest, p.Text, p.Operations,
		p.Reason, asJSON(&p.DenialIDs), p.Proposer, p.Status, p.Comment, p.Revision,
		instant(p.CreatedAt), instant(p.ExpiresAt), instant(p.DecidedAt))
	if err != nil {
		return err
	}
	p.ID, err = result.LastInsertId()
	return err
}

// Proposal returns ErrNotFound if there is none with the id.
func (s *Store) Proposal(ctx context.Context, id int64) (Proposal, error) {
	p, err := one(ctx, s.db.pool, prepare(selectProposal+`WHERE id = ?`, id), scanProposal)
	return p, s.wrap(err, "proposal %d", id)
}

// ProposalFilter chooses proposals; empty fields choose all.
type ProposalFilter struct {
	Sandbox string // id
	Status  string
	Limit   int // the newest so many; 0 for all
}

// Proposals returns what the filter chooses, oldest first.
func (s *Store) Proposals(ctx context.Context, f ProposalFilter) ([]Proposal, error) {
	if f.Limit <= 0 {
		f.Limit = -1 // SQLite's word for no limit
	}
	st := prepare(selectProposal+`WHERE ?1 IN ('', sandbox) AND ?2 IN ('', status) ORDER BY id DESC LIMIT ?3`, f.Sandbox, f.Status, f.Limit)
	list, err := all(ctx, s.db.pool, st, scanProposal)
	slices.Reverse(list)
	return list, s.wrap(err, "list proposals")
}

// ProposalMove is a step in a proposal's life. An empty comment or revision
// keeps the one it has.
type ProposalMove struct {
	Status, Comment string
	Revision        int
}

// MoveProposal changes the state of a proposal that is in one of the states from.
// It returns ErrConflict if it is in another: somebody was quicker.
func (s *Store) MoveProposal(ctx context.Context, id int64, from []string, m ProposalMove) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error { return moveProposal(ctx, tx, id, from, m) })
	return s.wrap(err, "move proposal %d to %s", id, m.Status)
}

func moveProposal(ctx context.Context, tx *sql.Tx, id int64, from []string, m ProposalMove) error {
	p, err := one(ctx, tx, prepare(selectProposal+`WHERE id = ?`, id), scanProposal)
	if err != nil {
		return err
	}
	if !slices.Contains(from, p.Status) {
		return fmt.Errorf("it is %s already: %w", p.Status, ErrConflict)
	}
	_, err = tx.ExecContext(ctx, `UPDATE proposals SET status = ?2, decided_at = ?3,
		comment = iif(?4 = '', comment, ?4), revision = iif(?5 = 0, revision, ?5) WHERE id = ?1`,
		id, m.Status, instant(time.Now()), m.Comment, m.Revision)
	return err
}
