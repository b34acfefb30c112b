package approvals

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"exeat/policy"
	"exeat/store"
)

// The states of a proposal. It begins pending and leaves that state once;
// approved becomes applied when a supervisor has the revision loaded, and
// rejected where it could not be loaded.
const (
	Pending    = store.ProposalPending
	Approved   = "approved"
	Applied    = "applied"
	Rejected   = "rejected"
	Expired    = "expired"
	Superseded = "superseded"
)

// Lifetime is how long a proposal waits for a human.
const Lifetime = 7 * 24 * time.Hour

// Desk is where proposals are handled: the records they live in.
type Desk struct {
	Store *store.Store
	Dirs  store.Dirs       // of the decision logs
	Now   func() time.Time // nil: time.Now
}

func (d *Desk) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

// Base is the policy that a proposal changes.
type Base struct {
	Revision int
	Policy   *policy.Policy
}

// Proposal is a proposal as its readers see it.
type Proposal struct {
	ID           int64     `json:"id"`
	Sandbox      string    `json:"sandbox"` // name
	SandboxID    string    `json:"sandbox_id"`
	Status       string    `json:"status"`
	BaseRevision int       `json:"base_revision"`
	Digest       string    `json:"digest"` // over base and candidate, see Digest
	DenialIDs    []int64   `json:"denial_ids,omitempty"`
	Proposer     string    `json:"proposer"`
	Revision     int       `json:"revision,omitempty"`    // what it became
	Comment      string    `json:"comment,omitempty"`     // the reviewer's words, or why it ended by itself
	ReplacedBy   int64     `json:"replaced_by,omitempty"` // the same change on the newer base
	CreatedAt    time.Time `json:"created_at"`
	ExpiresAt    time.Time `json:"expires_at"`
	DecidedAt    time.Time `json:"decided_at,omitzero"`
	Untrusted    Untrusted `json:"untrusted"`
}

// Untrusted holds the proposer's own words, neutralised and believed in nothing.
type Untrusted struct {
	Reason string `json:"reason"`
}

// Digest names one candidate on one base in one sandbox: lower hex SHA-256.
// Its first six digits are what a reviewer types.
func Digest(sandboxID, baseDigest, candidateDigest string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "exeat proposal\n%s\n%s\n%s\n", sandboxID, baseDigest, candidateDigest))
	return hex.EncodeToString(sum[:])
}

// ShortDigest is what a reviewer types: the first six digits.
func ShortDigest(digest string) string { return digest[:min(len(digest), 6)] }

// Newest is the newest revision of a sandbox that did not fail, as the store
// has it. For filing and reading that is good enough; an approval takes its
// base from the supervisor.
func (d *Desk) Newest(ctx context.Context, sandboxID string) (Base, error) {
	revision, err := d.Store.LatestRevision(ctx, sandboxID)
	if err != nil {
		return Base{}, err
	}
	return baseOf(revision)
}

// baseOf reads a revision as what a proposal changes.
func baseOf(revision store.Revision) (Base, error) {
	p, problems := policy.Parse(fmt.Sprintf("revision %d", revision.Number), revision.Text)
	if p == nil {
		return Base{}, fmt.Errorf("read revision %d: %w", revision.Number, problems)
	}
	return Base{Revision: revision.Number, Policy: p}, nil
}

// Get returns one proposal.
func (d *Desk) Get(ctx context.Context, id int64) (Proposal, error) {
	record, err := d.record(ctx, id)
	if err != nil {
		return Proposal{}, err
	}
	return d.view(ctx, record)
}

// Filter chooses proposals; empty fields choose all.
type Filter struct {
	SandboxID string
	Status    string
	Limit     int // the newest so many; 0 for all
}

// List returns proposals, oldest first.
func (d *Desk) List(ctx context.Context, f Filter) ([]Proposal, error) {
	records, err := d.Store.Proposals(ctx, store.ProposalFilter{Sandbox: f.SandboxID})
	if err != nil {
		return nil, err
	}
	var out []Proposal
	for _, record := range records {
		p, err := d.view(ctx, record)
		if err != nil {
			return nil, err
		}
		if f.Status == "" || f.Status == p.Status {
			out = append(out, p)
		}
	}
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[len(out)-f.Limit:]
	}
	return out, nil
}

func (d *Desk) record(ctx context.Context, id int64) (store.Proposal, error) {
	record, err := d.Store.Proposal(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return record, refuse(CodeNotFound, "exeat proposal list", "there is no proposal %d", id)
	}
	return record, err
}

// view is a record as it stands now, whether or not anybody has written down
// yet that its time is over or that a supervisor has loaded it.
func (d *Desk) view(ctx context.Context, record store.Proposal) (Proposal, error) {
	sandbox, err := d.Store.SandboxByID(ctx, record.Sandbox)
	if err != nil {
		return Proposal{}, err
	}
	p := Proposal{
		ID: record.ID, Sandbox: sandbox.Name, SandboxID: record.Sandbox, Status: record.Status,
		BaseRevision: record.BaseRevision, Digest: record.Digest, DenialIDs: record.DenialIDs,
		Proposer: Neutral(record.Proposer), Revision: record.Revision, Comment: Neutral(record.Comment),
		CreatedAt: record.CreatedAt, ExpiresAt: record.ExpiresAt, DecidedAt: record.DecidedAt,
		Untrusted: Untrusted{Neutral(record.Reason)},
	}
	switch {
	case p.Status == Pending && !d.now().Before(p.ExpiresAt):
		p.Status = Expired
	case p.Status == Superseded:
		p.ReplacedBy = successor(record.Comment)
	case p.Status == Approved:
		p.Status = d.approvedStatus(ctx, record)
	}
	return p, nil
}

// approvedStatus asks the revision what became of it: the supervisor that
// loads it at the next start knows nothing of proposals. One that could not be
// loaded may have left its number to another policy.
func (d *Desk) approvedStatus(ctx context.Context, record store.Proposal) string {
	revision, err := d.Store.Revision(ctx, record.Sandbox, record.Revision)
	if err != nil {
		return Approved
	}
	switch {
	case revision.Status == store.RevisionFailed, Digest(record.Sandbox, record.BaseDigest, revision.Digest) != record.Digest:
		return Rejected
	case revision.Status == store.RevisionLoaded:
		return Applied
	}
	return Approved
}
