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
	type naming struct{ named, literally bool }
	for host, want := range map[string]naming{"api.example.com": {true, true}, "a.example.org": {true, false}, "example.org": {}, "evil.example.com": {}} {
		named, literally := engine.Names(host)
		if got := (naming{named, literally}); got != want {
			t.Errorf("%s: got %+v, want %+v", host, got, want)
		}
	}
}
