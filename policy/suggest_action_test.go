package policy_test

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"exeat/policy"
)

// recorded is a denied request line as its record keeps it.
func recorded(t *testing.T, line string, d policy.Decision) policy.Wanted {
	t.Helper()
	fields := strings.Fields(line)
	u, err := url.Parse(fields[2])
	if err != nil {
		t.Fatal(err)
	}
	who := callerOf(fields[0])
	method := map[string]string{"UPGRADE": "GET", "TEXT": "WEBSOCKET_TEXT"}[fields[1]]
	if method == "" {
		method = fields[1]
	}
	return policy.Wanted{
		Host: u.Hostname(), Port: 443, Protocol: d.Protocol, Method: method, Path: u.EscapedPath(),
		Binary: who.Exe, Ancestors: who.Ancestors, Tainted: who.Tainted, Missing: d.RuleMissing,
	}
}

// TestSuggestWhatIsDecided ensures that what is suggested for any denial of the
// protocols script allows that very request, with the actions that it had, and that
// nothing is suggested for a push that allows another ref.
func TestSuggestWhatIsDecided(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/decide/protocols.txtar")
	if err != nil {
		t.Fatal(err)
	}
	text := archive.Files[0].Data
	before, suggested := mustCompile(t, "before", text), 0
	for line := range strings.Lines(string(archive.Files[1].Data)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		d := decideLine(t, before, line)
		if d.Code != policy.CodePolicy || d.Layer != "l7" {
			continue
		}
		for _, option := range policy.Suggest(mustParse(t, string(text)), []policy.Wanted{recorded(t, line, d)}) {
			suggested++
			changed, err := policy.Apply(mustParse(t, string(text)), option.Operations)
			if err != nil {
				t.Fatal(err)
			}
			after := mustCompile(t, "after", changed.Text())
			if got := decideLine(t, after, line); got.Verdict != policy.Allowed && !strings.Contains(line, "?") { // a record has no query
				t.Errorf("%s\n%s\nstill %s: %s", line, summary(option), got.Verdict, got.Reason)
			}
			if other := strings.ReplaceAll(line, "refs/heads/", "refs/heads/not/"); other != line && decideLine(t, after, other).Verdict == policy.Allowed &&
				decideLine(t, before, other).Verdict != policy.Allowed {
				t.Errorf("%s\n%s\nallows %s", line, summary(option), other)
			}
		}
	}
	if suggested < 20 {
		t.Errorf("only %d suggestions", suggested)
	}
}

// actionPolicy is what the rows of TestSuggestActions start from.
const actionPolicy = `version: 1
network_policies:
  hub:
    endpoints:
      - { host: git.example, port: 443, protocol: rest, enforcement: enforce, access: read-only }
      - { host: api.example, port: 443, protocol: rest, enforcement: enforce, access: full }
      - { host: api.example, port: 443, path: /graphql, protocol: graphql, enforcement: enforce, access: read-only }
      - { host: mcp.example, port: 443, path: /mcp, protocol: mcp, enforcement: enforce, rules: [{ allow: { method: tools/call, tool: search } }] }
      - { host: ws.example, port: 443, protocol: rest, enforcement: enforce, access: read-only }
    binaries: [{ path: /usr/bin/git }]
`

func TestSuggestActions(t *testing.T) {
	git := func(rules string) policy.Wanted {
		return policy.Wanted{
			Host: "git.example", Port: 443, Protocol: "rest", Method: "POST", Path: "/acme/widgets.git/git-receive-pack", Binary: "/usr/bin/git",
			Missing: "{ host: git.example, port: 443, protocol: rest, rules: [" + rules + "] }",
		}
	}
	at := func(host, protocol, method, path, missing string) policy.Wanted {
		return policy.Wanted{Host: host, Port: 443, Protocol: protocol, Method: method, Path: path, Binary: "/usr/bin/git", Missing: missing}
	}
	const update = `{ allow: { git: { repo: "acme/widgets", push: ["refs/heads/main"] } } }`
	const create = `{ allow: { git: { repo: "acme/widgets", push: ["refs/heads/agent/1"], create: true } } }`
	for _, row := range []struct {
		name   string
		wanted policy.Wanted
		want   string // the first option and what it permits
	}{
		{
			"a push of one branch", git(update),
			`narrow {"op":"add_rule","block":"hub","host":"git.example","port":443,"rule":{"git":{"repo":"acme/widgets","push":["refs/heads/main"]}}}` +
				"\nthe programs of block hub (/usr/bin/git and what it starts) may fetch acme/widgets and push to refs/heads/main at git.example:443",
		},
		{
			"a push that makes one and changes one", git(create + ", " + update),
			`narrow {"op":"add_rule","block":"hub","host":"git.example","port":443,"rule":{"git":{"repo":"acme/widgets","push":["refs/heads/agent/1"],"create":true}}}` +
				` {"op":"add_rule","block":"hub","host":"git.example","port":443,"rule":{"git":{"repo":"acme/widgets","push":["refs/heads/main"]}}}` +
				"\nthe programs of block hub (/usr/bin/git and what it starts) may fetch acme/widgets and push to refs/heads/agent/1, and make such refs at git.example:443" +
				"\nthe programs of block hub (/usr/bin/git and what it starts) may fetch acme/widgets and push to refs/heads/main at git.example:443",
		},
		{
			"a mutation", at("api.example", "graphql", "POST", "/graphql", `{ host: api.example, port: 443, protocol: graphql, path: "/graphql", rules: [{ allow: { operation_type: query, fields: ["viewer"] } }, { allow: { operation_type: mutation, fields: ["createIssue"] } }] }`),
			`narrow {"op":"add_rule","block":"hub","host":"api.example","port":443,"path":"/graphql","rule":{"operation_type":"mutation","fields":["createIssue"]}}` +
				"\nthe programs of block hub (/usr/bin/git and what it starts) may ask for mutation createIssue by graphql at api.example:443/graphql",
		},
		{
			"two tools, one of them allowed", at("mcp.example", "mcp", "POST", "/mcp", `{ host: mcp.example, port: 443, protocol: mcp, path: "/mcp", rules: [{ allow: { method: tools/call, tool: "search" } }, { allow: { method: tools/call, tool: "write" } }] }`),
			`narrow {"op":"add_rule","block":"hub","host":"mcp.example","port":443,"path":"/mcp","rule":{"method":"tools/call","tool":["write"]}}` +
				"\nthe programs of block hub (/usr/bin/git and what it starts) may ask for tools/call write by mcp at mcp.example:443/mcp",
		},
		{
			"a WebSocket where requests are judged", at("ws.example", "rest", "GET", "/chat", `{ host: ws.example, port: 443, protocol: websocket, rules: [{ allow: { method: GET, path: "/chat" } }, { allow: { method: WEBSOCKET_TEXT, path: "/chat" } }] }`),
			`narrow {"op":"add_endpoint","block":"hub","endpoint":{"host":"ws.example","port":443,"path":"/chat","protocol":"websocket","enforcement":"enforce","rules":[{"method":"GET","path":"/chat"},{"method":"WEBSOCKET_TEXT","path":"/chat"}]}}` +
				"\nthe programs of block hub (/usr/bin/git and what it starts) may open a WebSocket at ws.example:443/chat" +
				"\nthe programs of block hub (/usr/bin/git and what it starts) may send anything on a WebSocket at ws.example:443/chat",
		},
		{"a push whose record is cut", git(update[:40] + "..."), ""},
		{"a push without a line", at("git.example", "rest", "POST", "/acme/widgets.git/git-receive-pack", ""), ""},
		{"a line that would allow a POST", git(`{ allow: { method: POST, path: "/acme/widgets.git/git-receive-pack" } }`), ""},
		{"a line for every branch", git(`{ allow: { git: { repo: "acme/widgets", push: ["refs/heads/**"] } } }`), ""},
		{"a line for every repository", git(`{ allow: { git: { repo: "acme/*", push: ["refs/heads/main"] } } }`), ""},
		{"a line for another repository", git(`{ allow: { git: { repo: "acme/secrets", push: ["refs/heads/main"] } } }`), ""},
		{"a line for another host", at("git.example", "rest", "POST", "/acme/widgets.git/git-receive-pack", `{ host: evil.example, port: 443, protocol: rest, rules: [`+update+`] }`), ""},
		{"a line with more in it", at("git.example", "rest", "POST", "/acme/widgets.git/git-receive-pack", `{ host: git.example, port: 443, protocol: rest, allowed_ips: [10.0.0.0/8], rules: [`+update+`] }`), ""},
		{"a line and a second one", git(update + "] }\n--- \n{ rules: ["), ""},
		{"every method", at("mcp.example", "mcp", "POST", "/mcp", `{ host: mcp.example, port: 443, protocol: mcp, path: "/mcp", rules: [{ allow: { method: "tools/*" } }] }`), ""},
		{"every mutation", at("api.example", "graphql", "POST", "/graphql", `{ host: api.example, port: 443, protocol: graphql, path: "/graphql", rules: [{ allow: { operation_type: mutation } }] }`), ""},
		{"another protocol than the one that denied", at("api.example", "graphql", "POST", "/graphql", `{ host: api.example, port: 443, protocol: rest, rules: [{ allow: { method: POST, path: "/graphql" } }] }`), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			if options := policy.Suggest(mustParse(t, actionPolicy), []policy.Wanted{row.wanted}); len(options) > 0 {
				got = strings.Join(append([]string{summary(options[0])}, options[0].Permits...), "\n")
			}
			if diff := cmp.Diff(got, row.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
		})
	}
}

// TestJudgeAgain ensures that a recorded push counts as allowed only where the refs
// it names are: a rule for another branch of the repository is none for this one.
func TestJudgeAgain(t *testing.T) {
	push := func(rule string) policy.Wanted {
		w := policy.Wanted{Host: "git.example", Port: 443, Protocol: "rest", Method: "POST", Path: "/a/b.git/git-receive-pack", Binary: "/usr/bin/git"}
		if rule != "" {
			w.Missing = "{ host: git.example, port: 443, protocol: rest, rules: [{ allow: { git: " + rule + " } }] }"
		}
		return w
	}
	text := func(rule string) []byte {
		return []byte("version: 1\nnetwork_policies:\n  a:\n    endpoints: [{ host: git.example, port: 443, protocol: rest, rules: [{ allow: " + rule + " }] }]\n    binaries: [{ path: /usr/bin/git }]\n")
	}
	agent := mustCompile(t, "agent", text(`{ git: { repo: a/b, push: ["refs/heads/agent/*"] } }`))
	post := mustCompile(t, "post", text(`{ method: POST, path: /a/b.git/git-receive-pack }`))
	for _, row := range []struct {
		name   string
		engine *policy.Engine
		rule   string
		want   policy.Verdict
	}{
		{"the branch", agent, `{ repo: "a/b", push: ["refs/heads/agent/1"] }`, policy.Allowed},
		{"a branch to be made", agent, `{ repo: "a/b", push: ["refs/heads/agent/1"], create: true }`, policy.Denied},
		{"another branch", agent, `{ repo: "a/b", push: ["refs/heads/main"] }`, policy.Denied},
		{"branches that nobody wrote down", agent, "", policy.Denied},
		{"whatever the branches are", post, "", policy.Allowed},
	} {
		if got := row.engine.Judge(push(row.rule)); got.Verdict != row.want {
			t.Errorf("%s: %s (%s), want %s", row.name, got.Verdict, got.Reason, row.want)
		}
	}
}

// FuzzSuggest feeds lines as a record might hold them. What is suggested for a push
// is a rule for git, of that repository, with refs that are no patterns.
func FuzzSuggest(f *testing.F) {
	archive, err := os.ReadFile("testdata/decide/protocols.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(archive)) {
		if _, missing, ok := strings.Cut(line, "missing "); ok {
			f.Add(strings.TrimSpace(missing))
		}
	}
	f.Fuzz(func(t *testing.T, missing string) {
		for _, option := range policy.Suggest(mustParse(t, actionPolicy), []policy.Wanted{{
			Host: "git.example", Port: 443, Protocol: "rest", Method: "POST", Path: "/acme/widgets.git/git-receive-pack", Binary: "/usr/bin/git", Missing: missing,
		}}) {
			for _, op := range option.Operations {
				checkPushRules(t, op)
			}
		}
	})
}

func checkPushRules(t *testing.T, op policy.Operation) {
	t.Helper()
	var rules []policy.RuleSpec
	if op.Rule != nil {
		rules = append(rules, *op.Rule)
	}
	for _, e := range op.Endpoints {
		rules = append(rules, e.Rules...)
	}
	for _, rule := range rules {
		if rule.Git == nil || rule.Git.Repo != "acme/widgets" || len(rule.Git.Push) != 1 || strings.Contains(rule.Git.Push[0], "*") && !strings.Contains(rule.Git.Push[0], "[*]") {
			t.Errorf("%s: %+v", op.Op, rule)
		}
	}
}
