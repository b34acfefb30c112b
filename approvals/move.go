package approvals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"exeat/policy"
	"exeat/store"
)

// Reject ends a pending proposal with a reason, which its proposer reads.
func (d *Desk) Reject(ctx context.Context, id int64, reason string) (Proposal, error) {
	reason = Neutral(reason)
	if reason == "" {
		return Proposal{}, refuse(CodeArgument, fmt.Sprintf("exeat reject %d --reason \"too wide: one repository is enough\"", id),
			"a rejection needs a reason: the proposer reads it")
	}
	p, err := d.Get(ctx, id)
	if err != nil {
		return p, err
	}
	if err := p.Check(); err != nil {
		return p, err
	}
	err = d.Store.MoveProposal(ctx, id, []string{Pending}, store.ProposalMove{Status: Rejected, Comment: cut(reason, MaxReason)})
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return p, err
	}
	p, getErr := d.Get(ctx, id)
	if err != nil && getErr == nil { // somebody was faster
		return p, p.Check()
	}
	return p, getErr
}

// Check refuses a proposal that is decided, and says how.
func (p Proposal) Check() error {
	switch {
	case p.Status == Pending:
		return nil
	case p.ReplacedBy != 0:
		return refuse(CodeBaseMoved, fmt.Sprintf("exeat proposal show %d   (then: exeat approve %d)", p.ReplacedBy, p.ReplacedBy),
			"proposal %d is superseded: the policy has moved, and the same change is now proposal %d", p.ID, p.ReplacedBy)
	case p.Comment != "":
		return refuse(CodeDecided, "exeat proposal list", "proposal %d is %s: %s", p.ID, p.Status, p.Comment)
	}
	return refuse(CodeDecided, "exeat proposal list", "proposal %d is %s", p.ID, p.Status)
}

// Sweep writes down which pending proposals of a sandbox are over: expired, or
// overtaken by base, the policy in force. What was proposed as operations is
// filed again on the new base and has to be reviewed again; a whole policy
// would undo what changed since, so it is superseded.
func (d *Desk) Sweep(ctx context.Context, sandboxID string, base Base) error {
	pending, err := d.Store.Proposals(ctx, store.ProposalFilter{Sandbox: sandboxID, Status: Pending})
	if err != nil {
		return err
	}
	var errs []error
	for _, record := range pending {
		errs = append(errs, d.settle(ctx, record, base))
	}
	return errors.Join(errs...)
}

func (d *Desk) settle(ctx context.Context, record store.Proposal, base Base) error {
	move := store.ProposalMove{Status: Superseded}
	switch {
	case !d.now().Before(record.ExpiresAt):
		move.Status = Expired
	case record.BaseRevision == base.Revision && record.BaseDigest == base.Policy.Digest():
		return nil
	default:
		move.Comment = d.rebase(ctx, record, base)
	}
	err := d.Store.MoveProposal(ctx, record.ID, []string{Pending}, move)
	if errors.Is(err, store.ErrConflict) {
		return nil // somebody has decided it meanwhile
	}
	return err
}

// replaced is the comment that names a successor; successor reads it.
const replaced = "the policy moved to revision %d; the same change is now proposal %d"

func successor(comment string) (id int64) {
	var revision int
	if n, err := fmt.Sscanf(comment, replaced, &revision, &id); err != nil || n != 2 {
		return 0
	}
	return id
}

// rebase files the same operations on a new base and returns the comment for
// the old proposal.
func (d *Desk) rebase(ctx context.Context, record store.Proposal, base Base) string {
	moved := fmt.Sprintf("the policy moved to revision %d", base.Revision)
	if len(record.Operations) == 0 {
		return moved + ", and a whole policy cannot be carried over; propose it again"
	}
	var operations []policy.Operation
	if err := json.Unmarshal(record.Operations, &operations); err != nil {
		return moved + ", and the operations cannot be read"
	}
	candidate, err := apply(base.Policy, operations)
	if err != nil {
		return Neutral(fmt.Sprintf("%s, where the change cannot be made: %v", moved, err))
	}
	if candidate.Digest() == base.Policy.Digest() {
		return moved + ", which permits this already"
	}
	s := Submission{
		SandboxID: record.Sandbox, Operations: operations, Reason: record.Reason,
		DenialIDs: record.DenialIDs, Proposer: record.Proposer,
	}
	next, err := s.record(base, candidate, d.now())
	if err == nil {
		next.ExpiresAt = record.ExpiresAt // a rebase does not prolong it
		_, err = d.Store.AddProposal(ctx, &next)
	}
	if err != nil {
		return moved + ", and the change could not be filed again"
	}
	return fmt.Sprintf(replaced, base.Revision, next.ID)
}
