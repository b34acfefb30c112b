package approvals

import (
	"fmt"

	"exeat/approvals/risk"
	"exeat/store"
)

// Lend adds to a review what a provider permits that is going to be attached:
// the policy's text does not show it.
func (r *Review) Lend(ref store.ProviderRef) {
	for _, place := range ref.Hosts {
		r.Permits = append(r.Permits, fmt.Sprintf("requests to %s may carry the secret of provider %q (%s)", place, ref.Name, ref.Type))
	}
	r.Findings = append(r.Findings, risk.Finding{
		Code: risk.Credentialed, Severity: risk.Medium,
		Message: fmt.Sprintf("where the policy lets a program send such a request, the agent may do what the owner of %q may", ref.Name),
	})
}
