package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/policy"
	"exeat/policy/diff"
)

// base is what the rows of TestApply start from.
const base = `version: 1
filesystem_policy: { include_workdir: true, read_only: [/data, /usr], read_write: [/sandbox] }
network_policies:
  api:
    endpoints:
      - { host: api.example.com, port: 443, protocol: rest, enforcement: enforce, access: read-only }
      - { host: "*.example.org", ports: [443, 8443], protocol: rest, enforcement: enforce, rules: [{ allow: { method: GET, path: /a } }] }
      - { host: split.example.com, port: 443, path: /v1/**, protocol: rest, enforcement: enforce, access: full }
      - { host: split.example.com, port: 443, path: /v2/**, protocol: rest, enforcement: enforce, access: full }
      - { host: raw.example.com, port: 22 }
    binaries:
      - { path: /usr/bin/curl }
`

func mustParse(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, problems := policy.Parse("test.yaml", []byte(text))
	if p == nil {
		t.Fatal(problems)
	}
	return p
}

// changes are the lines of the canonical text that one has and the other has
// not, in the order of a diff.
func changes(before, after []byte) string {
	var b strings.Builder
	for line := range strings.Lines(diff.Text("before", "after", before, after)) {
		if (line[0] == '+' || line[0] == '-') && !strings.HasPrefix(line, line[:1]+line[:1]+line[:1]+" ") {
			b.WriteString(line[:1] + strings.TrimSpace(line[1:]) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestApply(t *testing.T) {
	rule := func(method, path string) *policy.RuleSpec { return &policy.RuleSpec{Method: method, Path: path} }
	no := false
	for _, row := range []struct {
		name string
		op   policy.Operation
		want string
	}{
		{"a rule beside a preset writes the preset out", policy.Operation{
			Op: "add_rule", Block: "api", Host: "API.example.com.", Port: 443, Rule: rule("put", "/repos/**"),
		}, "-access: read-only\n+rules:\n+- allow:\n+method: GET\n+path: /**\n+- allow:\n+method: OPTIONS\n+path: /**\n+- allow:\n+method: PUT\n+path: /repos/**"},
		{"a rule for one port of two leaves the other alone", policy.Operation{
			Op: "add_rule", Block: "api", Host: "*.example.org", Port: 8443, Rule: rule("GET", "/b"),
		}, "-ports:\n-- 443\n-- 8443\n+port: 8443\n+protocol: rest\n+enforcement: enforce\n+rules:\n+- allow:\n+method: GET\n+path: /a\n" +
			"+- allow:\n+method: GET\n+path: /b\n+- host: \"*.example.org\"\n+port: 443"},
		{"a deny rule", policy.Operation{
			Op: "add_deny_rule", Block: "api", Host: "api.example.com", Port: 443, Rule: rule("*", "/admin/**"),
		}, "+deny_rules:\n+- method: \"*\"\n+path: /admin/**"},
		{
			"access",
			policy.Operation{Op: "set_access", Block: "api", Host: "api.example.com", Port: 443, Access: "read-write"},
			"-access: read-only\n+access: read-write",
		},
		{
			"access of one selector",
			policy.Operation{Op: "set_access", Block: "api", Host: "split.example.com", Port: 443, Path: "/v2/**", Access: "read-only"},
			"-access: full\n+access: read-only",
		},
		{"an endpoint", policy.Operation{Op: "add_endpoint", Block: "api", Endpoint: &policy.EndpointSpec{
			Host: "New.example.com", Port: 443, Protocol: "rest", Rules: []policy.RuleSpec{{Method: "GET", Path: "/x", Query: map[string][]string{"a": {"1", "2"}}}},
		}}, "+- host: new.example.com\n+port: 443\n+protocol: rest\n+enforcement: enforce\n+rules:\n+- allow:\n+method: GET\n+path: /x\n+query:\n+a:\n+any:\n+- \"1\"\n+- \"2\""},
		{
			"no endpoint",
			policy.Operation{Op: "remove_endpoint", Block: "api", Endpoint: &policy.EndpointSpec{Host: "raw.example.com", Port: 22}},
			"-- host: raw.example.com\n-port: 22",
		},
		{
			"a binary",
			policy.Operation{Op: "add_binary", Block: "api", Binary: &policy.BinarySpec{Path: "/usr/bin/gh", Descendants: &no}},
			"+- path: /usr/bin/gh\n+descendants: false",
		},
		{"a path", policy.Operation{Op: "add_path", Path: "/opt//go/", Mode: "read_only"}, "+- /opt/go"},
		{"a path that becomes writable", policy.Operation{Op: "add_path", Path: "/data", Mode: "read_write"}, "-- /data\n+- /data"},
		{"no path", policy.Operation{Op: "remove_path", Path: "/data"}, "-- /data"},
		{"a block", policy.Operation{
			Op: "add_block", Block: "b", Endpoints: []policy.EndpointSpec{{Host: "b.example.com", Port: 22}}, Binaries: []policy.BinarySpec{{Path: "/usr/bin/ssh"}},
		}, "+b:\n+endpoints:\n+- host: b.example.com\n+port: 22\n+binaries:\n+- path: /usr/bin/ssh"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := mustParse(t, base)
			before := p.Text()
			changed, err := policy.Apply(p, []policy.Operation{row.op})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(changes(before, changed.Text()), row.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
			if diff := cmp.Diff(string(p.Text()), string(before)); diff != "" {
				t.Errorf("Apply changed its argument:\n%s", diff)
			}
		})
	}
}

// TestApplyUndoes ensures that what is added can be removed again.
func TestApplyUndoes(t *testing.T) {
	p := mustParse(t, base)
	rule := &policy.RuleSpec{Method: "DELETE", Path: "/x", Query: map[string][]string{"k": {"v"}}}
	endpoint := &policy.EndpointSpec{Host: "n.example.com", Port: 443}
	binary := &policy.BinarySpec{Path: "/usr/bin/wget"}
	org := policy.Operation{Block: "api", Host: "*.example.org", Port: 443, Rule: rule}
	with := func(op policy.Operation, name string) policy.Operation { op.Op = name; return op }
	p, err := policy.Apply(p, []policy.Operation{with(org, "add_rule"), with(org, "remove_rule")}) // splits the ports
	if err != nil {
		t.Fatal(err)
	}
	block := policy.Operation{Block: "new", Endpoints: []policy.EndpointSpec{*endpoint}, Binaries: []policy.BinarySpec{*binary}}
	changed, err := policy.Apply(p, []policy.Operation{
		with(org, "add_rule"), with(org, "remove_rule"),
		with(org, "add_deny_rule"), with(org, "remove_deny_rule"),
		{Op: "add_endpoint", Block: "api", Endpoint: endpoint},
		{Op: "remove_endpoint", Block: "api", Endpoint: endpoint},
		{Op: "add_binary", Block: "api", Binary: binary},
		{Op: "remove_binary", Block: "api", Binary: binary},
		with(block, "add_block"),
		{Op: "remove_block", Block: "new"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := changed.Digest(), p.Digest(); got != want {
		t.Errorf("digest %s, want %s:\n%s", got, want, changes(p.Text(), changed.Text()))
	}
}

func TestApplyRefuses(t *testing.T) {
	rule := &policy.RuleSpec{Method: "GET", Path: "/x"}
	for _, row := range []struct {
		op         policy.Operation
		want, hint string
	}{
		{policy.Operation{Op: "ad_rule", Block: "api"}, "operation 2 (ad_rule): unknown operation", `did you mean "add_rule"?`},
		{
			policy.Operation{Op: "permit", Block: "api"},
			"operation 2 (permit): unknown operation",
			"operations: add_binary, add_block, add_deny_rule, add_endpoint, add_path, add_rule, remove_binary, remove_block, remove_deny_rule, remove_endpoint, remove_path, remove_rule, set_access, set_encoded_slash",
		},
		{
			policy.Operation{Op: "set_encoded_slash", Block: "api", Host: "api.example.com", Port: 443},
			"operation 2 (set_encoded_slash): allow_encoded_slash is missing", "",
		},
		{
			policy.Operation{Op: "set_encoded_slash", Block: "api", Host: "api.example.com", Port: 443, Slash: new(bool)},
			"operation 2 (set_encoded_slash): allow_encoded_slash is already false", "",
		},
		{policy.Operation{Op: "add_rule", Block: "apo", Host: "h", Port: 1, Rule: rule}, "operation 2 (add_rule): there is no block apo", `did you mean "api"?`},
		{policy.Operation{Op: "add_rule", Block: "api", Host: "h", Port: 1}, "operation 2 (add_rule): rule is missing", ""},
		{policy.Operation{Op: "remove_block", Block: "api", Access: "full"}, "operation 2 (remove_block): access means nothing here: want block", ""},
		{
			policy.Operation{Op: "add_rule", Block: "api", Host: "h", Port: 1, Rule: rule},
			"operation 2 (add_rule): block api has no endpoint h:1",
			"endpoints: api.example.com:443, *.example.org:443,8443, split.example.com:443 /v1/**, split.example.com:443 /v2/**, raw.example.com:22",
		},
		{
			policy.Operation{Op: "add_rule", Block: "api", Host: "split.example.com", Port: 443, Rule: rule},
			"operation 2 (add_rule): block api has several endpoints split.example.com:443", "say which by path",
		},
		{
			policy.Operation{Op: "add_rule", Block: "api", Host: "raw.example.com", Port: 22, Rule: rule},
			`operation 2 (add_rule): rules judge requests, and nobody reads those of raw.example.com:22, which has no protocol`,
			"remove the endpoint and add one with protocol: rest",
		},
		{
			policy.Operation{Op: "add_rule", Block: "api", Host: "*.example.org", Port: 443, Rule: &policy.RuleSpec{Method: "get", Path: "/a"}},
			"operation 2 (add_rule): the rule GET /a is already there", "",
		},
		{
			policy.Operation{Op: "remove_rule", Block: "api", Host: "*.example.org", Port: 443, Rule: rule},
			"operation 2 (remove_rule): there is no rule GET /x", "rules: GET /a",
		},
		{
			policy.Operation{Op: "remove_rule", Block: "api", Host: "*.example.org", Port: 443, Rule: &policy.RuleSpec{Method: "GET", Path: "/a"}},
			"operation 2 (remove_rule): network_policies.api.endpoints[1]: protocol rest says how to read requests, not which are allowed", "add access: read-only, or rules",
		},
		{
			policy.Operation{Op: "add_rule", Block: "api", Host: "split.example.com", Port: 443, Path: "/v1/**", Rule: rule},
			"operation 2 (add_rule): split.example.com:443 /v1/** has access: full, which allows everything", "",
		},
		{
			policy.Operation{Op: "set_access", Block: "api", Host: "api.example.com", Port: 443, Access: "all"},
			`operation 2 (set_access): network_policies.api.endpoints[0].access: unknown access "all"`, "one of read-only, read-write, full",
		},
		{
			policy.Operation{Op: "add_endpoint", Block: "api", Endpoint: &policy.EndpointSpec{Host: "a.example.com", Port: 1, Enforcement: "audit"}},
			"operation 2 (add_endpoint): network_policies.api.endpoints[5].enforcement: audit has no effect where no request is judged", "add protocol: rest and rules",
		},
		{
			policy.Operation{Op: "add_endpoint", Block: "api", Endpoint: &policy.EndpointSpec{Host: "api.example.com", Port: 443}},
			"operation 2 (add_endpoint): block api already has an endpoint api.example.com:443", "use add_rule or set_access",
		},
		{
			policy.Operation{Op: "add_binary", Block: "api", Binary: &policy.BinarySpec{Path: "/usr/bin/curl"}},
			"operation 2 (add_binary): block api already has the binary /usr/bin/curl", "",
		},
		{
			policy.Operation{Op: "add_binary", Block: "api", Binary: &policy.BinarySpec{Path: "x\n    - path: /usr/bin/sh"}},
			`operation 2 (add_binary): network_policies.api.binaries[2].path: want an absolute path, got "x\n    - path: /usr/bin/sh"`, "",
		},
		{
			policy.Operation{Op: "add_block", Block: "b: {}\n  c", Endpoints: []policy.EndpointSpec{{Host: "b.example.com", Port: 22}}, Binaries: []policy.BinarySpec{{Path: "/b"}}},
			`operation 2 (add_block): network_policies."b: {}\n  c": the name of a block is made of letters, digits, _ and -, and does not start with -`, "",
		},
	} {
		first := policy.Operation{Op: "add_binary", Block: "api", Binary: &policy.BinarySpec{Path: "/usr/bin/wget"}}
		_, err := policy.Apply(mustParse(t, base), []policy.Operation{first, row.op})
		var refused *policy.OperationError
		if !errors.As(err, &refused) {
			t.Errorf("%+v: got %v, want an OperationError", row.op, err)
			continue
		}
		if diff := cmp.Diff([]string{refused.Error(), refused.Hint()}, []string{row.want, row.hint}); diff != "" {
			t.Errorf("%s: -got +want:\n%s", row.op.Op, diff)
		}
		if refused.Index != 1 {
			t.Errorf("%s: index %d, want 1", row.op.Op, refused.Index)
		}
	}
}
