package policy_test

import (
	"testing"

	"exeat/policy"
)

// A host is one of the policy's whoever asks for it, and wildcards count.
func TestEngineNames(t *testing.T) {
	p, problems := policy.Parse("test.yaml", []byte(`version: 1
network_policies:
  a:
    endpoints: [{ host: api.example.com, port: 443 }, { host: "*.example.org", port: 443 }]
    binaries: [{ path: /usr/bin/curl }]
`))
	if p == nil {
		t.Fatal(problems)
	}
	engine, _ := policy.Compile(p, policy.Options{})
	for host, want := range map[string]bool{"api.example.com": true, "a.example.org": true, "example.org": false, "evil.example.com": false} {
		if got := engine.Names(host); got != want {
			t.Errorf("%s: got %v, want %v", host, got, want)
		}
	}
}
