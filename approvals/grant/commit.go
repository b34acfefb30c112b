package grant

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"exeat/approvals"
	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/store"
)

// Result is what became of a signed change.
type Result struct {
	Revision int    `json:"revision"`
	Digest   string `json:"digest"`
	Loaded   bool   `json:"loaded"`            // the supervisor enforces it now
	Waiting  string `json:"waiting,omitempty"` // when it will be in force, if it is not yet
}

// Commit signs exactly what was reviewed and puts it in force. It returns when
// the supervisor has loaded it, or says when it will be. ErrBaseMoved: nothing
// was signed. ErrNotLoaded: it was signed, could not be loaded, and is void.
func (p *Pending) Commit(ctx context.Context, signer Signer) (Result, error) {
	if p.Unchanged {
		base := p.ground.base
		return Result{Revision: base.Revision, Digest: base.Policy.Digest(), Loaded: p.Running}, nil
	}
	if err := p.grant.moved(ctx, p.Sandbox, p.ground); err != nil {
		return Result{}, err
	}
	revision, err := p.sign(ctx, signer)
	if err != nil {
		return Result{}, err
	}
	// From here on the change is made whole even if the human's terminal goes away.
	ctx = context.WithoutCancel(ctx)
	if err := p.undecided(ctx); err != nil {
		return Result{}, err
	}
	if err := p.store(ctx, signer, revision); err != nil {
		return Result{}, err
	}
	return p.enforce(ctx, signer, revision)
}

// sign makes the next revision and checks it as the supervisor will.
func (p *Pending) sign(ctx context.Context, signer Signer) (store.Revision, error) {
	candidate, problems := policy.Parse("candidate", p.Review.Candidate)
	if candidate == nil {
		return store.Revision{}, problems
	}
	base := p.ground.base.Policy.Digest()
	if p.digest(candidate) != p.Review.Digest {
		return store.Revision{}, errors.New("the candidate is not the one whose digest was shown")
	}
	sequence, previous := p.ground.chain.Head()
	revision := store.Revision{
		Sandbox: p.Sandbox.ID, Number: sequence + 1, Text: p.Review.Candidate,
		Digest: candidate.Digest(), ParentDigest: base, Source: p.source, Providers: p.providers(),
	}
	statement := seal.Statement{
		Sandbox: p.Sandbox.ID, Sequence: revision.Number, Previous: previous,
		Policy: revision.Digest, Authority: seal.AuthorityOf(p.Sandbox.Spec.Under(revision), candidate).Digest(),
	}
	revision, err := p.grant.seal(ctx, signer, revision, statement)
	if err != nil {
		return revision, err
	}
	want, err := seal.Expected(p.Sandbox, revision, revision.ParentDigest)
	if err == nil {
		_, err = p.ground.chain.Check(revision.Statement, revision.Signature, want)
	}
	return revision, err
}

// seal signs a statement, with the head of the audit log in it, into a revision.
func (g Grant) seal(ctx context.Context, signer Signer, revision store.Revision, statement seal.Statement) (store.Revision, error) {
	var err error
	if statement.AuditLength, statement.AuditHead, err = g.Store.AuditHead(ctx); err != nil {
		return revision, err
	}
	statement.Time = g.now()
	if revision.Statement, revision.Signature, err = signer.Sign(statement); err != nil {
		return revision, fmt.Errorf("sign revision %d: %w", revision.Number, err)
	}
	revision.Approver = signer.Approver().Fingerprint
	revision.Strength = signer.Approver().Strength
	revision.CreatedAt = statement.Time
	return revision, nil
}

// undecided says what became of the proposal meanwhile: of two humans who approve
// at once, or one who approves while another rejects, one is told so.
func (p *Pending) undecided(ctx context.Context) error {
	if p.Review.ID == 0 {
		return nil
	}
	decided, err := p.grant.desk().Get(ctx, p.Review.ID)
	if err != nil {
		return err
	}
	return decided.Check()
}

// add stores the revision, and that the proposal became it: cut off in between, it
// would be approved for a revision that nobody ever loads, or that becomes another's.
func (p *Pending) add(ctx context.Context, revision store.Revision) error {
	if p.Review.ID == 0 {
		return p.grant.Store.AddRevision(ctx, revision)
	}
	return p.grant.Store.AddRevisionOf(ctx, p.Review.ID, approvals.Approved, revision)
}

// move takes the proposal on from approved; a change without one has nothing to move.
func (p *Pending) move(ctx context.Context, to store.ProposalMove) error {
	if p.Review.ID == 0 {
		return nil
	}
	return p.grant.Store.MoveProposal(ctx, p.Review.ID, []string{approvals.Approved}, to)
}

// store writes the approval down, first in the audit log: there may be an
// entry without its revision, never a revision without its entry.
func (p *Pending) store(ctx context.Context, signer Signer, revision store.Revision) error {
	if err := p.grant.record(ctx, entry{signer.Approver(), actionApprove, revision, p.Sandbox.Name, ""}); err != nil {
		return err
	}
	err := p.add(ctx, revision)
	if err == nil {
		return nil
	}
	if errors.Is(err, store.ErrConflict) {
		err = cmp.Or(p.undecided(ctx),
			fmt.Errorf("%w: somebody else signed revision %d of sandbox %q", ErrBaseMoved, revision.Number, p.Sandbox.Name))
	}
	return errors.Join(err, p.grant.record(ctx, entry{signer.Approver(), actionVoid, revision, p.Sandbox.Name, err.Error()}))
}

// enforce has the supervisor load the revision and writes down how that went.
func (p *Pending) enforce(ctx context.Context, signer Signer, revision store.Revision) (Result, error) {
	result := Result{Revision: revision.Number, Digest: revision.Digest}
	loaded, err := p.grant.loadNow(ctx, p.Sandbox, revision.Number)
	result.Loaded = loaded
	switch {
	case errors.Is(err, ErrNotLoaded):
		why := store.ProposalMove{Status: approvals.Rejected, Comment: approvals.Neutral(err.Error())}
		note := entry{signer.Approver(), actionVoid, revision, p.Sandbox.Name, err.Error()}
		return result, errors.Join(err, p.move(ctx, why), p.grant.record(ctx, note))
	case err != nil:
		return result, err
	case !loaded:
		result.Waiting = "in force at next start"
		return result, nil
	}
	return result, p.settle(ctx, revision)
}

// settle marks the proposal applied and ends or carries over what waited on
// the old base.
func (p *Pending) settle(ctx context.Context, revision store.Revision) error {
	if err := p.move(ctx, store.ProposalMove{Status: approvals.Applied}); err != nil {
		return err
	}
	candidate, problems := policy.Parse("candidate", revision.Text)
	if candidate == nil {
		return problems
	}
	return p.grant.desk().Sweep(ctx, p.Sandbox.ID, approvals.Base{Revision: revision.Number, Policy: candidate})
}
