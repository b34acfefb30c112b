package grant

import (
	"context"
	"errors"
	"fmt"

	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/store"
)

// Genesis is a sandbox about to be created, complete: its spec is part of what
// is signed and must not change afterwards.
type Genesis struct {
	ID, Name string
	Spec     store.Spec
	Policy   *policy.Policy
}

// SignGenesis pins the signer's key to a new sandbox and signs its first
// revision. It returns the spec with the pin; both are to be stored as they are.
func (g Grant) SignGenesis(ctx context.Context, n Genesis, signer Signer) (store.Revision, store.Spec, error) {
	approver := signer.Approver()
	if !g.Anchors.Allows(approver.Public) {
		return store.Revision{}, n.Spec, &problem{
			errors.New("the key here is not in the machine's list of approvers, and no other counts"),
			"as root, add the line: " + seal.AnchorLine(approver),
		}
	}
	n.Spec.Frozen, n.Spec.Approvers = false, []store.Approver{approver}
	revision := n.first()
	revision, err := g.seal(ctx, signer, revision, seal.Statement{
		Sandbox: n.ID, Sequence: 1, Policy: revision.Digest, Authority: seal.AuthorityOf(n.Spec, n.Policy).Digest(),
	})
	if err != nil {
		return store.Revision{}, n.Spec, err
	}
	sandbox := store.Sandbox{ID: n.ID, Name: n.Name, Spec: n.Spec}
	if _, err := seal.Replay(sandbox, []store.Revision{revision}, n.Spec.Approvers); err != nil {
		return store.Revision{}, n.Spec, fmt.Errorf("sign the first revision: %w", err)
	}
	return revision, n.Spec, g.record(ctx, entry{approver, actionCreate, revision, n.Name, ""})
}

// Frozen is the first revision of a sandbox that nobody approves for: unsigned,
// the only one it will ever have.
func (n Genesis) Frozen() (store.Revision, store.Spec) {
	n.Spec.Frozen, n.Spec.Approvers = true, nil
	return n.first(), n.Spec
}

// first is revision 1; it is in force from the sandbox's first moment.
func (n Genesis) first() store.Revision {
	return store.Revision{
		Sandbox: n.ID, Number: 1, Digest: n.Policy.Digest(), Text: n.Policy.Text(),
		Source: "create", Status: store.RevisionLoaded,
	}
}
