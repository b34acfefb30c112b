package grant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"exeat/approvals"
	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/sandbox/control"
	"exeat/store"
)

// ground is what a change stands on: the policy in force, verified.
type ground struct {
	base      approvals.Base
	text      []byte          // of the base
	statement []byte          // that put it in force
	chain     *seal.Chain     // at that statement
	client    *control.Client // nil when the sandbox is stopped
	notes     []string        // what became of revisions signed earlier
	lent      []store.ProviderRef
}

// survey finds what is in force. A running supervisor says so itself, and what
// it says has to be in the record, signed: the diff a human reads is against
// this, so a base that nobody signed would hide what a candidate adds to it.
func (g Grant) survey(ctx context.Context, sandbox store.Sandbox) (ground, error) {
	trusted, err := g.Anchors.Trusted(sandbox.Spec.Approvers)
	if err != nil {
		return ground{}, err
	}
	if g.Approver != "" && !slices.ContainsFunc(trusted, func(a store.Approver) bool { return seal.Fingerprint(a.Public) == g.Approver }) {
		return ground{}, wrongApprover(sandbox, g.Approver, trusted)
	}
	client, err := control.Dial(ctx, g.Dirs.Socket(sandbox.ID))
	if errors.Is(err, control.ErrNotRunning) {
		client, err = nil, nil
	}
	if err != nil {
		return ground{}, err
	}
	notes, err := g.catchUp(ctx, client, sandbox)
	if err != nil {
		return ground{}, err
	}
	found, err := g.inForce(ctx, client, sandbox)
	if err != nil {
		return ground{}, err
	}
	found.notes = notes
	return found, found.verify(ctx, g.Store, sandbox, trusted)
}

// inForce reads the base from the supervisor, or from the store's newest
// revision when none runs.
func (g Grant) inForce(ctx context.Context, client *control.Client, sandbox store.Sandbox) (ground, error) {
	found := ground{client: client}
	var err error
	if client != nil {
		found.base.Revision, found.text, found.statement, err = client.Policy(ctx)
	} else {
		var newest store.Revision
		newest, err = g.Store.LatestRevision(ctx, sandbox.ID)
		found.base.Revision, found.text, found.statement = newest.Number, newest.Text, newest.Statement
	}
	if err != nil {
		return ground{}, err
	}
	p, problems := policy.Parse(fmt.Sprintf("revision %d", found.base.Revision), found.text)
	if p == nil {
		return ground{}, problems
	}
	found.base.Policy = p
	return found, nil
}

// verify replays the record from genesis up to the base and compares.
func (f *ground) verify(ctx context.Context, st *store.Store, sandbox store.Sandbox, trusted []store.Approver) error {
	signed, err := signedRevisions(ctx, st, sandbox)
	if err != nil {
		return err
	}
	signed = slices.DeleteFunc(signed, func(r store.Revision) bool { return r.Number > f.base.Revision })
	if f.chain, err = seal.Replay(sandbox, signed, trusted); err != nil {
		return fmt.Errorf("the record of sandbox %q does not verify: %w", sandbox.Name, err)
	}
	last := signed[len(signed)-1]
	if last.Number != f.base.Revision || !bytes.Equal(last.Text, f.text) || !bytes.Equal(last.Statement, f.statement) {
		return &problem{
			fmt.Errorf("sandbox %q enforces a revision %d that is not the one in its record", sandbox.Name, f.base.Revision),
			"exeat policy list " + sandbox.Name,
		}
	}
	f.lent, err = st.Lent(ctx, sandbox, last)
	return err
}

// moved says whether another revision is in force, or signed, than was reviewed.
func (g Grant) moved(ctx context.Context, sandbox store.Sandbox, reviewed ground) error {
	newest, err := g.Store.LatestRevision(ctx, sandbox.ID)
	if err != nil {
		return err
	}
	lent, err := g.Store.Lent(ctx, sandbox, newest)
	if err != nil {
		return err
	}
	// A provider that was detached meanwhile must not come back with what is signed now.
	moved := newest.Number != reviewed.base.Revision || !bytes.Equal(newest.Statement, reviewed.statement) ||
		!slices.EqualFunc(lent, reviewed.lent, sameProvider)
	if reviewed.client != nil && !moved {
		number, text, statement, err := reviewed.client.Policy(ctx)
		if err != nil && !errors.Is(err, control.ErrNotRunning) {
			return err
		}
		moved = err == nil && (number != reviewed.base.Revision || !bytes.Equal(text, reviewed.text) || !bytes.Equal(statement, reviewed.statement))
	}
	if moved {
		return &problem{
			fmt.Errorf("%w: sandbox %q is at revision %d now, nothing was signed", ErrBaseMoved, sandbox.Name, newest.Number),
			"run the command again and review the new diff",
		}
	}
	return nil
}
