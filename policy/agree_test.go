package policy_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/policy"
)

// twoEndpoints are at one path, in two blocks that admit the same program.
func twoEndpoints(t *testing.T, protocol, a, b string) *policy.Engine {
	t.Helper()
	text := "version: 1\nnetwork_policies:\n"
	for key, more := range map[string]string{"a": a, "b": b} {
		text += "  " + key + ":\n    endpoints: [{ host: x.example, port: 443, path: /x, protocol: " + protocol + ", enforcement: enforce, " + more +
			" }]\n    binaries: [{ path: /usr/bin/curl }]\n"
	}
	return mustCompile(t, "two", []byte(text))
}

// TestRevisionsAgree ensures that no revision is spoken which one of the endpoints forbids: the last one's counted.
func TestRevisionsAgree(t *testing.T) {
	const rules = "rules: [{ allow: { method: tools/list } }]"
	versions := func(list string) string { return "mcp: { versions: [" + list + "] }, " + rules }
	for _, row := range []struct {
		name, a, b string
		want       []string
	}{
		{"one names none", rules, versions(`"2025-06-18"`), []string{"2025-06-18"}},
		{"some are common", versions(`"2025-06-18", "2025-11-25"`), versions(`"2025-03-26", "2025-11-25"`), []string{"2025-11-25"}},
		{"none are", versions(`"2025-06-18"`), versions(`"2025-11-25"`), []string{}},
		{"all", rules, rules, nil},
	} {
		a := twoEndpoints(t, "mcp", row.a, row.b).Connect(curlTo("x.example", 443))
		if diff := cmp.Diff(a.Reads(policy.Request{Method: "POST", Path: "/x"}).Versions, row.want); diff != "" {
			t.Errorf("%s: -got +want:\n%s", row.name, diff)
		}
	}
}

// TestRegisteredAgree ensures that a query registered at one endpoint is not served by way of another that takes none.
func TestRegisteredAgree(t *testing.T) {
	queries := func(list string) string {
		return "access: read-only, persisted_queries: allow_registered, graphql_persisted_queries: { " + list + " }"
	}
	const x, y = "x: { operation_type: query, fields: [x] }", "y: { operation_type: query, fields: [y] }"
	for _, row := range []struct{ name, a, b, want string }{
		{"one denies them", queries(x), "access: full", ""},
		{"the other denies them", "access: full", queries(x), ""},
		{"one is common", queries(x + ", " + y), queries(y), "y"},
		{"the same id for something else", queries(x), queries("x: { operation_type: mutation, fields: [x] }"), ""},
		{"both", queries(x), queries(x), "x"},
	} {
		a := twoEndpoints(t, "graphql", row.a, row.b).Connect(curlTo("x.example", 443))
		got := slices.Sorted(maps.Keys(a.Reads(policy.Request{Method: "POST", Path: "/x"}).Registered))
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}
