package policy_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/policy"
)

// protocols is what the rows of TestApplyProtocols start from.
const protocols = `version: 1
network_policies:
  api:
    endpoints:
      - { host: git.example, port: 443, protocol: rest, enforcement: enforce, access: read-only }
      - { host: api.example, port: 443, path: /graphql, protocol: graphql, enforcement: enforce, access: read-write }
      - { host: mcp.example, port: 443, path: /mcp, protocol: mcp, enforcement: enforce, rules: [{ allow: { method: tools/list } }] }
      - { host: all.example, port: 443, path: /mcp, protocol: mcp, enforcement: enforce, mcp: { allow_all_known_mcp_methods: true } }
      - { host: rpc.example, port: 443, protocol: json-rpc, enforcement: enforce, rules: [{ allow: { method: a } }] }
      - { host: ws.example, port: 443, path: /a, protocol: websocket, enforcement: enforce, access: read-only }
      - { host: ws.example, port: 443, path: /b, protocol: websocket, enforcement: enforce, access: read-write }
    binaries:
      - { path: /usr/bin/curl }
`

// TestApplyProtocols ensures that rules about what bodies ask for are written as
// they were given, and found again when they are taken away.
func TestApplyProtocols(t *testing.T) {
	for _, row := range []struct{ name, host, path, rule, want string }{
		{
			"git", "git.example", "", `{"git":{"repo":"acme/widgets","push":["refs/heads/agent/**"],"create":true}}`,
			"-access: read-only\n+rules:\n+- allow:\n+method: GET\n+path: /**\n+- allow:\n+method: OPTIONS\n+path: /**\n+- allow:\n+git:\n+repo: acme/widgets\n+push:\n+- refs/heads/agent/**\n+create: true",
		},
		{
			"graphql", "api.example", "", `{"operation_type":"subscription","operation_name":"On*","fields":["issue","pull"]}`,
			"-access: read-write\n+rules:\n+- allow:\n+operation_type: query\n+- allow:\n+operation_type: mutation\n+- allow:\n+fields:\n+- issue\n+- pull\n+operation_name: On*\n+operation_type: subscription",
		},
		{"a tool", "mcp.example", "", `{"method":"tools/call","tool":["search"]}`, "+- allow:\n+method: tools/call\n+tool: search"},
		{"tools", "mcp.example", "/mcp", `{"method":"tools/call","tool":["read_*","search"]}`, "+- allow:\n+method: tools/call\n+tool:\n+any:\n+- read_*\n+- search"},
		{"a call", "rpc.example", "", `{"method":"eth_Call"}`, "+- allow:\n+method: eth_Call"},
		{"messages", "ws.example", "/a", `{"method":"websocket_text","path":"/a"}`, "-access: read-only\n+rules:\n+- allow:\n+method: GET\n+path: /**\n+- allow:\n+method: WEBSOCKET_TEXT\n+path: /a"},
	} {
		t.Run(row.name, func(t *testing.T) {
			op := policy.Operation{Op: policy.OpAddRule, Block: "api", Host: row.host, Port: 443, Path: row.path, Rule: ruleOf(t, row.rule)}
			before := mustParse(t, protocols)
			added, err := policy.Apply(before, []policy.Operation{op})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(changes(before.Text(), added.Text()), row.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
			if _, err := policy.Apply(added, []policy.Operation{op}); err == nil {
				t.Error("the same rule was added twice")
			}
			op.Op = policy.OpRemoveRule
			if _, err := policy.Apply(added, []policy.Operation{op}); err != nil {
				t.Error(err)
			}
		})
	}
}

func ruleOf(t *testing.T, text string) *policy.RuleSpec {
	t.Helper()
	var rule policy.RuleSpec
	if err := json.Unmarshal([]byte(text), &rule); err != nil {
		t.Fatal(err)
	}
	return &rule
}

// TestApplyRefusesByProtocol ensures that a field which the endpoint's protocol does
// not have, or which says nothing, is refused by its name.
func TestApplyRefusesByProtocol(t *testing.T) {
	const at = "operation 1 (add_rule): network_policies.api.endpoints"
	for _, row := range []struct{ name, host, path, rule, want string }{
		{"git and a method", "git.example", "", `{"git":{"repo":"a/b"},"method":"GET"}`, at + "[0].rules[2].allow.git: git stands alone in a rule"},
		{"a branch that is no ref", "git.example", "", `{"git":{"repo":"a/b","push":["main"]}}`, at + "[0].rules[2].allow.git.push: no ref is named main"},
		{"create without push", "git.example", "", `{"git":{"repo":"a/b","create":true}}`, at + "[0].rules[2].allow.git: create and delete need push"},
		{"no repository", "git.example", "", `{"git":{"repo":"","push":["refs/heads/x"]}}`, at + "[0].rules[2].allow.git: the git rule names no repository"},
		{"a path for operations", "api.example", "", `{"operation_type":"query","path":"/graphql"}`, at + "[1].rules[2].allow.path: not a field of graphql rules"},
		{"no fields", "api.example", "", `{"operation_type":"subscription","fields":[]}`, at + "[1].rules[2].allow.fields: needs at least one name"},
		{"no tools", "mcp.example", "", `{"method":"tools/call","tool":[]}`, at + "[2].rules[1].allow.tool: want a string, got nothing"},
		{"git for calls", "mcp.example", "", `{"git":{"repo":"a/b"}}`, at + "[2].rules[1].allow.git: not a field of mcp rules"},
		{"a tool for every method", "mcp.example", "", `{"method":"*","tool":["x"]}`, at + "[2].rules[1].allow.method: tools are only named in tools/call"},
		{"nothing", "rpc.example", "", `{}`, at + "[4].rules[1].allow: want a mapping, got nothing"},
		{"the first rule beside all methods", "all.example", "", `{"method":"tools/list"}`, "operation 1 (add_rule): all.example:443 /mcp allows every tool as long as it has no rules: the first one would take the others away"},
		{"messages that pass already", "ws.example", "/b", `{"method":"WEBSOCKET_TEXT","path":"/b"}`, "operation 1 (add_rule): ws.example:443 /b has access: read-write, which allows everything"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := policy.Apply(mustParse(t, protocols), []policy.Operation{
				{Op: policy.OpAddRule, Block: "api", Host: row.host, Port: 443, Path: row.path, Rule: ruleOf(t, row.rule)},
			})
			var refused *policy.OperationError
			if !errors.As(err, &refused) || refused.Error() != row.want {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}

// TestEmptyNameIsWritten ensures that a rule for operations without a name keeps
// that in its canonical text: what is signed must not allow more than what was read.
func TestEmptyNameIsWritten(t *testing.T) {
	p := mustParse(t, "version: 1\nnetwork_policies:\n  a:\n    endpoints: [{ host: a.example, port: 443, protocol: graphql, rules: [{ allow: { operation_type: query, operation_name: \"\" } }] }]\n    binaries: [{ path: /x }]\n")
	if got := mustParse(t, string(p.Text())).Blocks[0].Endpoints[0].Rules[0].Options["operation_name"]; !cmp.Equal(got, []string{""}) {
		t.Errorf("got %q", got)
	}
}

// TestLastRuleBesideAllMethods ensures that taking the last tool away does not allow every tool.
func TestLastRuleBesideAllMethods(t *testing.T) {
	p := mustParse(t, "version: 1\nnetwork_policies:\n  a:\n    endpoints: [{ host: a.example, port: 443, path: /mcp, protocol: mcp, mcp: { allow_all_known_mcp_methods: true }, rules: [{ allow: { tool: x } }] }]\n    binaries: [{ path: /x }]\n")
	_, err := policy.Apply(p, []policy.Operation{{Op: policy.OpRemoveRule, Block: "a", Host: "a.example", Port: 443, Rule: ruleOf(t, `{"tool":["x"]}`)}})
	var refused *policy.OperationError
	if !errors.As(err, &refused) || refused.Error() != "operation 1 (remove_rule): a.example:443 /mcp allows every tool without its last rule" {
		t.Errorf("got %v", err)
	}
}
