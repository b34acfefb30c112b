package grant

import (
	"fmt"
	"slices"

	"exeat/approvals"
	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/store"
)

// join adds a provider to what will be in force, and to the review what that
// permits: the policy's text stays what it is.
func (p *Pending) join(ref store.ProviderRef) error {
	for _, other := range p.lent {
		if other.Name == ref.Name {
			return &problem{
				fmt.Errorf("provider %q is attached to sandbox %q already", ref.Name, p.Sandbox.Name),
				"exeat sandbox get " + p.Sandbox.Name,
			}
		}
		for _, v := range ref.Variables {
			if slices.Contains(other.Variables, v) {
				return &problem{
					fmt.Errorf("providers %q and %q both set %s", other.Name, ref.Name, v),
					fmt.Sprintf("exeat sandbox provider detach %s %s", p.Sandbox.Name, other.Name),
				}
			}
		}
	}
	p.lent, p.attach = append(slices.Clone(p.lent), ref), &ref
	p.Review.Lend(ref)
	p.Review.Proposal.Digest = p.digest(p.ground.base.Policy)
	p.Review.Short = approvals.ShortDigest(p.Review.Proposal.Digest)
	return nil
}

// digest is what a human confirms to have read. Where a provider is attached it
// covers the whole authority, because the policy alone does not change.
func (p *Pending) digest(candidate *policy.Policy) string {
	digest := candidate.Digest()
	if p.attach != nil {
		digest += " " + seal.AuthorityOf(p.Sandbox.Spec.Under(store.Revision{Providers: p.lent}), candidate).Digest()
	}
	return approvals.Digest(p.Sandbox.ID, p.ground.base.Policy.Digest(), digest)
}

// providers is what the next revision says of them: nothing as long as they are
// those the sandbox was created with.
func (p *Pending) providers() []store.ProviderRef {
	same := slices.EqualFunc(p.lent, p.Sandbox.Spec.Providers, sameProvider)
	if same {
		return nil
	}
	return append([]store.ProviderRef{}, p.lent...)
}

func sameProvider(a, b store.ProviderRef) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Account == b.Account &&
		slices.Equal(a.Hosts, b.Hosts) && slices.Equal(a.Variables, b.Variables)
}
