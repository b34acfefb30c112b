package policy_test

import (
	"fmt"
	"testing"

	"exeat/policy"
)

// The agent is told to take the narrowest option: one that grants more than another must not be called narrower.
func TestSuggestEndpointRisk(t *testing.T) {
	wanted := policy.Wanted{
		Host: "new.example", Port: 443, Protocol: "rest", Method: "GET", Path: "/x",
		Binary: "/usr/bin/curl", Ancestors: []string{"/usr/bin/bash"},
	}
	native := policy.Wanted{Host: "new.example", Port: 6379, Protocol: "l4", Binary: "/usr/bin/curl"}
	tainted := wanted
	tainted.Tainted = "/sandbox/mine.so"
	for _, row := range []struct {
		name, binary string
		wanted       policy.Wanted
		want         string
	}{
		{"the program alone", `{ path: /usr/bin/curl, descendants: false }`, wanted, policy.RiskNarrow},
		{"what it starts too", `{ path: /usr/bin/curl }`, wanted, policy.RiskWide},
		{"any program", `{ path: "/**", descendants: false }`, wanted, policy.RiskWide},
		{"what started it", `{ path: /usr/bin/bash }`, wanted, policy.RiskWide},
		{"code of the agent's in it", `{ path: /usr/bin/curl, descendants: false }`, tainted, policy.RiskWide},
		{"nobody looks into it", `{ path: /usr/bin/curl, descendants: false }`, native, policy.RiskWide},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, problems := policy.Parse("p.yaml", fmt.Appendf(nil, `version: 1
network_policies:
  have:
    endpoints: [{ host: old.example, port: 443, protocol: rest, enforcement: enforce, access: read-only }]
    binaries: [%s]
`, row.binary))
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			for _, option := range policy.Suggest(p, []policy.Wanted{row.wanted}) {
				if op := option.Operations[0]; op.Op == policy.OpAddEndpoint {
					if option.Risk != row.want {
						t.Errorf("%s, want %s", summary(option), row.want)
					}
					return
				}
			}
			t.Error("no option adds an endpoint")
		})
	}
}
