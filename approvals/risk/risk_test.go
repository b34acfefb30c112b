package risk_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/approvals/risk"
	"exeat/policy"
)

// block is one block of a policy in one line of YAML for each part.
func block(key, endpoints, binaries string) string {
	return "  " + key + ":\n    endpoints: [" + endpoints + "]\n    binaries: [" + binaries + "]\n"
}

const (
	curl = "{ path: /usr/bin/curl, descendants: false }"
	git  = "{ path: /usr/bin/git }"
)

func parse(t *testing.T, blocks ...string) *policy.Policy {
	t.Helper()
	p, problems := policy.Parse("test", []byte("version: 1\nnetwork_policies:\n"+strings.Join(blocks, "")))
	if p == nil {
		t.Fatal(problems)
	}
	return p
}

// base is what every row below changes.
var base = block("hub", "{ host: github.com, port: 443, protocol: rest, access: read-only }", curl) +
	block("pypi", "{ host: pypi.org, port: 443 }", curl)

func TestPermits(t *testing.T) {
	const write = "{ host: github.com, port: 443, protocol: rest, rules: [{ allow: { method: POST, path: /acme/widgets.git/git-receive-pack } }] }"
	for _, test := range []struct {
		name  string
		added string
		want  []string
	}{
		{"nothing", "", nil},
		{"one rule", block("push", write, git), []string{
			"POST https://github.com:443/acme/widgets.git/git-receive-pack by /usr/bin/git and what it starts",
		}},
		{"what the base has in another block", block("again", "{ host: github.com, port: 443, protocol: rest, access: read-only }", curl), nil},
		{"a rule the base's preset covers", block("again", "{ host: github.com, port: 443, protocol: rest, rules: [{ allow: { method: GET, path: /acme/** } }] }", curl), nil},
		{"the same for what it starts", block("again", "{ host: github.com, port: 443, protocol: rest, access: read-only }", "{ path: /usr/bin/curl }"), []string{
			"GET, HEAD and OPTIONS https://github.com:443/** by /usr/bin/curl and what it starts",
		}},
		{"the same, and less, for it untainted", block("again", "{ host: github.com, port: 443, protocol: rest, access: read-only }", "{ path: /usr/bin/curl, descendants: false, untainted: true }"), nil},
		{"only while it is untainted", block("more", "{ host: a.example, port: 443, protocol: rest, access: full }", "{ path: /usr/bin/curl, untainted: true }"), []string{
			"every method on https://a.example:443/** by /usr/bin/curl and what it starts, untainted",
		}},
		{"a preset", block("more", "{ host: a.example, ports: [80, 8443], path: /v1/**, protocol: rest, access: read-write }", curl), []string{
			"GET, HEAD, OPTIONS, PATCH, POST and PUT http://a.example:80/v1/** by /usr/bin/curl",
			"GET, HEAD, OPTIONS, PATCH, POST and PUT https://a.example:8443/v1/** by /usr/bin/curl",
		}},
		{"full", block("more", "{ host: a.example, port: 443, protocol: rest, access: full }", curl), []string{
			"every method on https://a.example:443/** by /usr/bin/curl",
		}},
		{"uninspected", block("more", "{ host: a.example, port: 5432 }", curl), []string{
			"any traffic to a.example:5432, uninspected, by /usr/bin/curl",
		}},
		{"uninspected beside inspected is read as read-only", block("more", "{ host: github.com, port: 443 }", git), []string{
			"GET, HEAD and OPTIONS https://github.com:443/** by /usr/bin/git and what it starts",
			"POST https://github.com:443/**/git-upload-pack by /usr/bin/git and what it starts",
		}},
		{"audit permits all of it", block("more", "{ host: github.com, port: 443, protocol: rest, enforcement: audit, rules: [{ allow: { method: GET, path: /x } }] }", curl), []string{
			"every request to https://github.com:443/** by /usr/bin/curl (audit: its rules only record)",
		}},
		{"a query", block("more", "{ host: github.com, port: 443, protocol: rest, rules: [{ allow: { method: POST, path: /x, query: { a: '1' } } }] }", curl), []string{
			"POST https://github.com:443/x?a=1 by /usr/bin/curl",
		}},
		{"methods of one path", block("more", "{ host: github.com, port: 443, protocol: rest, rules: [{ allow: { method: PUT, path: /x } }, { allow: { method: DELETE, path: /x } }] }", curl), []string{
			"DELETE and PUT https://github.com:443/x by /usr/bin/curl",
		}},
		{"graphql", block("more", "{ host: a.example, port: 443, path: /graphql, protocol: graphql, rules: [{ allow: { operation_type: mutation, fields: [createIssue] } }] }", curl), []string{
			"GraphQL mutation createIssue at https://a.example:443/graphql by /usr/bin/curl",
		}},
		{"graphql preset", block("more", "{ host: a.example, port: 443, protocol: graphql, access: read-write }", curl), []string{
			"GraphQL query at https://a.example:443/** by /usr/bin/curl", "GraphQL mutation at https://a.example:443/** by /usr/bin/curl",
		}},
		{"mcp", block("more", "{ host: a.example, port: 443, path: /mcp, protocol: mcp, rules: [{ allow: { method: tools/list } }, { allow: { method: tools/call, tool: search } }] }", curl), []string{
			"MCP tools/list at https://a.example:443/mcp by /usr/bin/curl", "MCP tools/call search at https://a.example:443/mcp by /usr/bin/curl",
		}},
		{"every mcp method", block("more", "{ host: a.example, port: 443, path: /mcp, protocol: mcp, mcp: { allow_all_known_mcp_methods: true } }", curl), []string{
			"MCP every known method at https://a.example:443/mcp by /usr/bin/curl",
		}},
		{"every mcp method and a tool", block("more", "{ host: a.example, port: 443, path: /mcp, protocol: mcp, mcp: { allow_all_known_mcp_methods: true }, rules: [{ allow: { tool: search } }] }", curl), []string{
			"MCP every known method but tools/call at https://a.example:443/mcp by /usr/bin/curl", "MCP tools/call search at https://a.example:443/mcp by /usr/bin/curl",
		}},
		{"git", block("more", "{ host: github.com, port: 443, protocol: rest, rules: [{ allow: { git: { repo: acme/widgets, push: ['refs/heads/agent/**', refs/heads/main], create: true } } }] }", git), []string{
			"fetch acme/widgets at https://github.com:443 by /usr/bin/git and what it starts",
			"push to refs/heads/agent/** of acme/widgets, and make such refs, at https://github.com:443 by /usr/bin/git and what it starts",
			"push to refs/heads/main of acme/widgets, and make such refs, at https://github.com:443 by /usr/bin/git and what it starts",
		}},
		{"git below a path", block("more", "{ host: github.com, port: 443, path: /acme/**, protocol: rest, rules: [{ allow: { git: { repo: acme/widgets, push: [refs/heads/x], delete: true } } }] }", git), []string{
			"fetch acme/widgets at https://github.com:443 (within /acme/**) by /usr/bin/git and what it starts",
			"push to refs/heads/x of acme/widgets, and delete such refs, at https://github.com:443 (within /acme/**) by /usr/bin/git and what it starts",
		}},
		{"websocket", block("more", "{ host: a.example, port: 443, path: /ws, protocol: websocket, access: read-only }", curl), []string{
			"WebSocket upgrade at https://a.example:443/ws by /usr/bin/curl",
		}},
		{"native tcp", block("more", "{ host: db.example, port: 5432, protocol: tcp }", curl), []string{
			"any traffic to db.example:5432, uninspected, by /usr/bin/curl",
		}},
	} {
		got := risk.Assess(parse(t, base), parse(t, base, test.added)).Permits
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// What the fields of an endpoint let through is new like what its rules do.
func TestOptionsAreMore(t *testing.T) {
	at := func(fields string) *policy.Policy {
		return parse(t, block("api", "{ host: api.example, port: 443, enforcement: enforce, "+fields+" }", curl))
	}
	const where = " https://api.example:443/** by /usr/bin/curl"
	const rest, mcp, graphql = "protocol: rest, access: read-write", "protocol: mcp, rules: [{ allow: { method: tools/list } }]", "protocol: graphql, access: read-only"
	for _, row := range []struct {
		before, after string
		want          []string
		finding       string
	}{
		{rest, rest + ", request_body_credential_rewrite: true", []string{"secrets in the bodies of requests to" + where}, risk.SecretInBody},
		{rest + ", request_body_credential_rewrite: true", rest, nil, ""},
		{rest, rest + ", allowed_ips: [10.0.0.0/8]", []string{"addresses in 10.0.0.0/8 behind" + where}, risk.PrivateNetwork},
		{rest, rest + ", allow_encoded_slash: true", []string{"%2F in the paths of" + where}, risk.EncodedSlash},
		{rest + ", request_body_credential_rewrite: true", rest + ", request_body_credential_rewrite: true", nil, ""},
		{"protocol: websocket, access: full", "protocol: websocket, access: full, websocket_credential_rewrite: true", []string{"secrets in the messages on WebSockets to" + where}, risk.SecretInBody},
		{mcp, mcp + ", mcp: { max_body_bytes: 1048576 }", []string{"bodies of up to 1048576 bytes at" + where}, risk.LongBody},
		{mcp + ", mcp: { max_body_bytes: 1048576 }", mcp + ", mcp: { max_body_bytes: 1048577 }", []string{"bodies of up to 1048577 bytes at" + where}, risk.LongBody},
		{mcp + ", mcp: { max_body_bytes: 1048576 }", mcp + ", mcp: { max_body_bytes: 100000 }", nil, ""},
		{mcp, mcp + ", mcp: { max_body_bytes: 100 }", nil, ""},
		{mcp, mcp + ", mcp: { strict_tool_names: false }", []string{"tools with names of any form at" + where}, ""},
		{mcp + `, mcp: { versions: ["2025-06-18"] }`, mcp + `, mcp: { versions: ["2025-06-18", "2025-11-25"] }`, []string{"revision 2025-11-25 of MCP at" + where}, ""},
		{mcp + `, mcp: { versions: ["2025-06-18"] }`, mcp, []string{"every revision of MCP at" + where}, ""},
		{mcp, mcp + `, mcp: { versions: ["2025-06-18"] }`, nil, ""},
		{graphql, graphql + ", persisted_queries: allow_registered, graphql_persisted_queries: { abc: { operation_type: mutation, operation_name: drop } }", []string{"the GraphQL query registered as abc (operation_name drop, operation_type mutation) at" + where}, ""},
		{mcp + ", mcp: { max_body_bytes: 100 }", mcp, []string{"bodies of up to 65536 bytes at" + where}, risk.LongBody},
		{"protocol: rest, access: read-write", mcp, []string{"MCP tools/list at" + where}, ""},
		{graphql, graphql + ", graphql_max_body_bytes: 200000", []string{"bodies of up to 200000 bytes at" + where}, risk.LongBody},
	} {
		got := risk.Assess(at(row.before), at(row.after))
		if diff := cmp.Diff(row.want, got.Permits); diff != "" {
			t.Errorf("%s: %s", row.after, diff)
		}
		if row.finding != "" && (len(got.Findings) != 1 || got.Findings[0].Code != row.finding) {
			t.Errorf("%s: found %v", row.after, got.Findings)
		}
	}
}

// What a git rule gives is new for each ref, and for each thing that may be done with it.
func TestGitIsMore(t *testing.T) {
	rule := func(rules ...string) *policy.Policy {
		return parse(t, block("hub", "{ host: git.example, port: 443, protocol: rest, rules: ["+strings.Join(rules, ", ")+"] }", git))
	}
	const at = " at https://git.example:443 by /usr/bin/git and what it starts"
	one := "{ allow: { git: { repo: a/b, push: [refs/heads/one] } } }"
	for _, row := range []struct {
		name          string
		before, after *policy.Policy
		want          []string
	}{
		{"the same", rule(one), rule(one), nil},
		{"another branch", rule(one), rule(one, "{ allow: { git: { repo: a/b, push: [refs/heads/two] } } }"), []string{"push to refs/heads/two of a/b" + at}},
		{"a pattern for it", rule(one), rule("{ allow: { git: { repo: a/b, push: ['refs/heads/*'] } } }"), []string{"push to refs/heads/* of a/b" + at}},
		{"another repository", rule(one), rule("{ allow: { git: { repo: a/c, push: [refs/heads/one] } } }"), []string{"fetch a/c" + at, "push to refs/heads/one of a/c" + at}},
		{"made as well", rule(one), rule("{ allow: { git: { repo: a/b, push: [refs/heads/one], create: true } } }"), []string{"push to refs/heads/one of a/b, and make such refs," + at}},
		{"no longer made", rule("{ allow: { git: { repo: a/b, push: [refs/heads/one], create: true, delete: true } } }"), rule(one), nil},
		{"beside a request of that path", rule("{ allow: { method: '*', path: /a/b } }"), rule("{ allow: { method: '*', path: /a/b } }", one), []string{"fetch a/b" + at, "push to refs/heads/one of a/b" + at}},
		{"beside fetching from everywhere", rule("{ allow: { method: GET, path: /**/info/refs } }", "{ allow: { method: POST, path: /**/git-upload-pack } }"), rule(one), []string{"push to refs/heads/one of a/b" + at}},
		{"fetching from everywhere beside it", rule(one), rule(one, "{ allow: { method: GET, path: /**/info/refs } }"), []string{"GET and HEAD https://git.example:443/**/info/refs by /usr/bin/git and what it starts"}},
		{"beside every request", rule("{ allow: { method: '*', path: /** } }"), rule("{ allow: { method: '*', path: /** } }", one), nil},
		{"every request beside it", rule(one), rule(one, "{ allow: { method: POST, path: /a/b } }"), []string{"POST https://git.example:443/a/b by /usr/bin/git and what it starts"}},
	} {
		if diff := cmp.Diff(row.want, risk.Assess(row.before, row.after).Permits); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

// Taking the inspected endpoint away makes an uninspected one mean what it says.
func TestRemovingInspectionPermits(t *testing.T) {
	open := block("open", "{ host: github.com, port: 443 }", curl)
	got := risk.Assess(parse(t, base, open), parse(t, open))
	want := []string{"any traffic to github.com:443, uninspected, by /usr/bin/curl"}
	if diff := cmp.Diff(want, got.Permits); diff != "" {
		t.Error(diff)
	}
}

// What a program got only untainted it now gets whatever the agent loads into it.
func TestTaintedIsMore(t *testing.T) {
	const endpoint = "{ host: a.example, port: 443, protocol: rest, access: full }"
	got := risk.Assess(parse(t, block("x", endpoint, "{ path: /usr/bin/curl, untainted: true }")), parse(t, block("x", endpoint, "{ path: /usr/bin/curl }")))
	want := []string{"every method on https://a.example:443/** by /usr/bin/curl and what it starts"}
	if diff := cmp.Diff(want, got.Permits); diff != "" {
		t.Error(diff)
	}
}

func TestLostDenials(t *testing.T) {
	deny := func(rules string) string {
		return block("hub", "{ host: github.com, port: 443, protocol: rest, access: full, deny_rules: ["+rules+"] }", curl)
	}
	before := parse(t, deny("{ method: DELETE, path: /** }, { method: POST, path: /x }"))
	got := risk.Assess(before, parse(t, deny("{ method: POST, path: /x }")))
	want := []string{"no longer forbidden: DELETE https://github.com:443/** by /usr/bin/curl"}
	if diff := cmp.Diff(want, got.Permits); diff != "" {
		t.Error(diff)
	}
	if !slices.ContainsFunc(got.Findings, func(f risk.Finding) bool { return f.Code == risk.LostDenial }) {
		t.Errorf("no finding: %v", got.Findings)
	}
}

// An endpoint that starts to audit, or one that reads bodies and goes away, stops forbidding.
func TestLostDenialsWithoutARuleGoing(t *testing.T) {
	full := "{ host: github.com, port: 443, protocol: rest, access: full, "
	deny := "deny_rules: [{ method: DELETE, path: /x }] }"
	for name, change := range map[string][2]string{
		"audit":   {block("hub", full+deny, curl), block("hub", full+"enforcement: audit, "+deny, curl)},
		"graphql": {block("hub", full+" }", curl) + block("ql", "{ host: github.com, port: 443, path: /graphql, protocol: graphql, access: full }", curl), block("hub", full+" }", curl)},
	} {
		got := risk.Assess(parse(t, change[0]), parse(t, change[1])).Permits
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "no longer forbidden: ") }) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
