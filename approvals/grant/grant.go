package grant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"exeat/approvals"
	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/store"
)

// Grant is where changes are put in force and by whom.
type Grant struct {
	Store    *store.Store
	Dirs     store.Dirs
	Anchors  seal.Anchors     // the machine's own list of approvers
	Approver string           // fingerprint of the key that is going to sign; checked early when given
	Now      func() time.Time // nil: time.Now
}

func (g Grant) now() time.Time {
	if g.Now == nil {
		return time.Now()
	}
	return g.Now()
}

func (g Grant) desk() *approvals.Desk {
	return &approvals.Desk{Store: g.Store, Dirs: g.Dirs, Now: g.Now}
}

// Signer is a key that a human has opened: a *seal.Signer.
type Signer interface {
	Approver() store.Approver
	// Sign completes a statement, and returns its canonical bytes and the signature.
	Sign(statement seal.Statement) (text, signature []byte, err error)
}

// Request is a change to put in force: a proposal, or for a sandbox a policy
// file's text or operations.
type Request struct {
	Proposal int64 // 0 for the others

	SandboxID  string
	File       string // name in messages and in the record
	Text       []byte
	Source     string // of the operations: the command, for the record
	Operations []policy.Operation
	Attach     *store.ProviderRef // instead of a change of the policy
}

// Pending is a change that is ready to be read and then signed.
type Pending struct {
	Review    approvals.Review // empty when Unchanged
	Sandbox   store.Sandbox
	Running   bool            // a supervisor will load it at once
	Unchanged bool            // the policy in force is this already; there is nothing to sign
	Static    []string        // what the file would change and a running sandbox cannot take over
	Restart   bool            // the change shows or hides paths: in force once the sandbox is restarted
	Warnings  policy.Problems // what there is to say of the file
	Notes     []string        // what became of revisions that were signed earlier and not loaded

	grant  Grant
	ground ground
	source string
	lent   []store.ProviderRef // providers that will be in force
	attach *store.ProviderRef  // the one of them that is new
}

// Prepare makes a change ready: the base is taken from the supervisor and
// verified, the candidate checked and reviewed. A frozen sandbox, a decided
// proposal and one whose base has moved are refused with what to do instead.
func Prepare(ctx context.Context, g Grant, r Request) (*Pending, error) {
	if r.Proposal != 0 {
		return g.prepareProposal(ctx, r.Proposal)
	}
	p, err := g.begin(ctx, r.SandboxID)
	if err != nil {
		return nil, err
	}
	candidate, err := p.candidate(r)
	if err != nil {
		return nil, err
	}
	base := p.ground.base.Policy
	p.Restart = candidate.StaticDigest() != base.StaticDigest()
	if p.Unchanged = r.Attach == nil && candidate.Digest() == base.Digest(); p.Unchanged {
		return p, nil
	}
	if p.Review, err = g.desk().ReviewText(ctx, p.Sandbox, p.ground.base, candidate); err != nil || r.Attach == nil {
		return p, err
	}
	return p, p.join(*r.Attach)
}

// candidate is the policy a request without a proposal asks for.
func (p *Pending) candidate(r Request) (*policy.Policy, error) {
	base := p.ground.base.Policy
	if r.Attach != nil {
		p.source = approvals.Neutral(r.Source)
		return base, nil
	}
	if len(r.Operations) > 0 {
		p.source = approvals.Neutral(r.Source)
		return policy.Apply(base, r.Operations)
	}
	p.source = "policy set " + approvals.Neutral(r.File)
	given, problems := policy.Parse(r.File, r.Text)
	if given == nil {
		return nil, problems
	}
	p.Static = policy.StaticDifferences(base, given)
	candidate := given.WithStatic(base)
	p.Warnings = slices.Concat(problems.Warnings(), approvals.Notices(p.Sandbox, candidate).In(r.File))
	return candidate, nil
}

func (g Grant) prepareProposal(ctx context.Context, id int64) (*Pending, error) {
	proposal, err := g.desk().Get(ctx, id)
	if err == nil {
		err = proposal.Check()
	}
	if err != nil {
		return nil, err
	}
	p, err := g.begin(ctx, proposal.SandboxID)
	if err != nil {
		return nil, err
	}
	p.source = fmt.Sprintf("proposal %d", id)
	// Against the base the supervisor has: one made for an older base ends here,
	// and its successor has to be reviewed.
	if err := g.desk().Sweep(ctx, p.Sandbox.ID, p.ground.base); err != nil {
		return nil, err
	}
	if p.Review, err = g.desk().Show(ctx, id, p.ground.base); err != nil {
		return nil, err
	}
	if candidate, _ := policy.Parse("candidate", p.Review.Candidate); candidate != nil {
		p.Restart = candidate.StaticDigest() != p.ground.base.Policy.StaticDigest()
	}
	return p, p.Review.Check()
}

// begin finds the sandbox and what is in force there.
func (g Grant) begin(ctx context.Context, sandboxID string) (*Pending, error) {
	sandbox, err := g.Store.SandboxByID(ctx, sandboxID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &problem{errors.New("there is no such sandbox"), "exeat sandbox list"}
	}
	if err != nil {
		return nil, err
	}
	if sandbox.Spec.Frozen || len(sandbox.Spec.Approvers) == 0 {
		return nil, approvals.FrozenError(sandbox.Name)
	}
	found, err := g.survey(ctx, sandbox)
	if err != nil {
		return nil, err
	}
	return &Pending{Sandbox: sandbox, Running: found.client != nil, Notes: found.notes, grant: g, ground: found, lent: found.lent}, nil
}
