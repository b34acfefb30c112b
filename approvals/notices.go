package approvals

import (
	"fmt"
	"slices"
	"strings"

	"exeat/approvals/risk"
	"exeat/policy"
	"exeat/store"
)

// Notices are what [policy.Check] finds in a policy that is about to be put in force in a sandbox.
func Notices(sandbox store.Sandbox, p *policy.Policy) policy.Problems {
	if sandbox.Spec.Workdir == "" {
		return policy.Check(p)
	}
	return policy.Check(p, sandbox.Spec.Workdir)
}

// newNotices are those of the candidate that the base does not have, as findings. What newly permitted requests gave
// reason to say about the same place is not said twice.
func newNotices(sandbox store.Sandbox, base, candidate *policy.Policy, said []risk.Finding) []risk.Finding {
	before := map[string]bool{}
	for _, notice := range Notices(sandbox, base) {
		before[aboutBlock(notice)] = true
	}
	var out []risk.Finding
	for _, notice := range Notices(sandbox, candidate) {
		about := subject(candidate, notice)
		known := slices.ContainsFunc(said, func(f risk.Finding) bool { return f.Code == notice.Code && strings.Contains(f.Message, about) })
		if !before[aboutBlock(notice)] && !known {
			out = append(out, risk.Finding{Code: notice.Code, Severity: risk.Low, Message: about + ": " + notice.Message})
		}
	}
	return out
}

// aboutBlock is a notice without its index in a list, which moves when something is added before it.
func aboutBlock(notice policy.Problem) string {
	block, _, _ := strings.Cut(notice.Path, "[")
	return block + ": " + notice.Message
}

// subject is the program or destination that a notice is about, or its path in the policy.
func subject(p *policy.Policy, notice policy.Problem) string {
	for _, block := range p.Blocks {
		for i, binary := range block.Binaries {
			if strings.HasPrefix(notice.Path, fmt.Sprintf("network_policies.%s.binaries[%d]", block.Key, i)) {
				return binary.Path
			}
		}
		for i, endpoint := range block.Endpoints {
			if strings.HasPrefix(notice.Path, fmt.Sprintf("network_policies.%s.endpoints[%d]", block.Key, i)) {
				return fmt.Sprintf("%s:%d", endpoint.Host, endpoint.Ports[0])
			}
		}
	}
	return notice.Path
}
