package approvals

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"exeat/policy"
	"exeat/store"
)

// Limits of a submission, and of submissions.
const (
	MaxReason     = 500 // characters
	MaxDenials    = 20
	MaxOperations = 20
	maxProposer   = 64
	maxPending    = 20 // in one sandbox: a human reads them one by one

	// Rejections within the window after which a proposer has to speak with
	// the human: variants of a rejected change wear the reviewer down.
	maxRejected    = 5
	rejectedWindow = time.Hour
)

// Submission is a change somebody asks for.
type Submission struct {
	SandboxID    string
	BaseRevision int                // the revision the proposer looked at
	Operations   []policy.Operation // either these
	YAML         []byte             // or a whole policy
	Reason       string             // why; shown last and marked untrusted
	DenialIDs    []int64            // what it is meant to allow
	Proposer     string             // the client's name, as it gave it
	DryRun       bool               // only review what would be filed
}

// Filed is what became of a submission.
type Filed struct {
	Review   Review
	Existing bool // the same candidate was pending already; nothing was added
	DryRun   bool // nothing was filed
}

// Submit files a proposal and returns its review. The same candidate on the
// same base twice is one proposal. Refusals are *Error.
func (d *Desk) Submit(ctx context.Context, s Submission) (Filed, error) {
	if err := s.check(); err != nil {
		return Filed{}, err
	}
	sandbox, base, err := d.target(ctx, s)
	if err != nil {
		return Filed{}, err
	}
	candidate, err := s.candidate(base.Policy)
	if err == nil {
		err = compiles(candidate)
	}
	if err != nil {
		return Filed{}, err
	}
	if candidate.Digest() == base.Policy.Digest() {
		return Filed{}, refuse(CodeUnchanged, "exeat policy get "+sandbox.Name,
			"nothing to change: revision %d of sandbox %q says this already", base.Revision, sandbox.Name)
	}
	record, err := s.record(base, candidate, d.now())
	if err != nil {
		return Filed{}, err
	}
	filed := Filed{DryRun: s.DryRun}
	if !s.DryRun {
		if filed.Existing, err = d.file(ctx, &record); err != nil {
			return Filed{}, err
		}
	}
	filed.Review, err = d.review(ctx, sandbox, record, base)
	return filed, err
}

// file stores a record unless there are too many.
func (d *Desk) file(ctx context.Context, record *store.Proposal) (existing bool, err error) {
	if err := d.throttle(ctx, record); err != nil {
		return false, err
	}
	return d.Store.AddProposal(ctx, record)
}

func (s Submission) check() error {
	switch given := len(s.Operations) > 0; {
	case given == (len(s.YAML) > 0):
		return refuse(CodeArgument, "", "give either operations or a policy")
	case len(s.Operations) > MaxOperations:
		return refuse(CodeArgument, "propose the rest afterwards", "%d operations, at most %d can be read at once", len(s.Operations), MaxOperations)
	case len(s.YAML) > policy.MaxSize:
		return refuse(CodeArgument, "", "a policy has at most %d bytes", policy.MaxSize)
	case utf8.RuneCountInString(s.Reason) > MaxReason:
		return refuse(CodeArgument, "shorten the reason", "the reason has %d characters, at most %d are shown", utf8.RuneCountInString(s.Reason), MaxReason)
	case len(s.DenialIDs) > MaxDenials:
		return refuse(CodeArgument, "name the most important ones", "%d denial ids, at most %d", len(s.DenialIDs), MaxDenials)
	case slices.ContainsFunc(s.DenialIDs, func(id int64) bool { return id <= 0 }):
		return refuse(CodeArgument, "", "a denial id is a positive number")
	}
	return nil
}

// target finds the sandbox and the base, and refuses a base that has moved:
// the proposer would be describing a policy that is not there.
func (d *Desk) target(ctx context.Context, s Submission) (store.Sandbox, Base, error) {
	sandbox, err := d.Store.SandboxByID(ctx, s.SandboxID)
	if errors.Is(err, store.ErrNotFound) {
		return sandbox, Base{}, refuse(CodeNotFound, "exeat sandbox list", "there is no such sandbox")
	}
	if err != nil {
		return sandbox, Base{}, err
	}
	if sandbox.Spec.Frozen {
		return sandbox, Base{}, FrozenError(sandbox.Name)
	}
	base, err := d.Newest(ctx, sandbox.ID)
	if err == nil && base.Revision != s.BaseRevision {
		err = refuse(CodeBaseMoved, "read the policy again and propose on its revision",
			"the policy of sandbox %q is at revision %d, not %d", sandbox.Name, base.Revision, s.BaseRevision)
	}
	return sandbox, base, err
}

// FrozenError refuses a change of a sandbox that no approver was pinned to.
func FrozenError(name string) *Error {
	return refuse(CodeFrozen, "exeat sandbox create -- bash   (at a terminal, without --frozen: that one can be changed)",
		"sandbox %q is frozen: it was created without an approver, so its policy never changes", name)
}

func (s Submission) record(base Base, candidate *policy.Policy, now time.Time) (store.Proposal, error) {
	record := store.Proposal{
		Sandbox: s.SandboxID, BaseRevision: base.Revision, BaseDigest: base.Policy.Digest(),
		Digest: Digest(s.SandboxID, base.Policy.Digest(), candidate.Digest()),
		Text:   candidate.Text(), Reason: Neutral(s.Reason), DenialIDs: s.DenialIDs,
		Proposer: cut(Neutral(s.Proposer), maxProposer), CreatedAt: now, ExpiresAt: now.Add(Lifetime),
		Status: Pending,
	}
	if len(s.Operations) == 0 {
		return record, nil
	}
	var err error
	record.Operations, err = json.Marshal(s.Operations)
	return record, err
}

// throttle bounds what one sandbox's proposers can ask of a human.
func (d *Desk) throttle(ctx context.Context, record *store.Proposal) error {
	all, err := d.Store.Proposals(ctx, store.ProposalFilter{Sandbox: record.Sandbox})
	if err != nil {
		return err
	}
	pending, rejected := 0, 0
	for _, other := range all {
		switch {
		case other.Status == Pending && other.Digest == record.Digest:
			return nil // it exists; nothing is added
		case other.Status == Pending && d.now().Before(other.ExpiresAt):
			pending++
		case other.Status == Rejected && d.now().Sub(other.DecidedAt) < rejectedWindow:
			rejected++
		}
	}
	if pending >= maxPending {
		return refuse(CodeThrottled, "exeat proposal list", "%d proposals are waiting for a human already", pending)
	}
	if rejected >= maxRejected {
		return refuse(CodeThrottled, "ask the human who rejected them what would be acceptable",
			"%d proposals for this sandbox were rejected within the last hour", rejected)
	}
	return nil
}

func cut(text string, length int) string { return text[:min(len(text), length)] }
