package risk_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"exeat/approvals/risk"
	"exeat/policy"
)

func tryParse(blocks []string) *policy.Policy {
	p, _ := policy.Parse("test", []byte("version: 1\nnetwork_policies:\n"+strings.Join(blocks, "")))
	return p
}

// draft is a policy that can be changed in one place.
type draft struct{ endpoints []draftEndpoint }

type draftEndpoint struct {
	host, ports, path, protocol, more string
	rules, deny                       []string
	binaries                          string
}

func (d draft) text() []string {
	var out []string
	for i, e := range d.endpoints {
		fields := []string{"host: '" + e.host + "'", "ports: [" + e.ports + "]"}
		if e.path != "" {
			fields = append(fields, "path: '"+e.path+"'")
		}
		if e.protocol != "" {
			fields = append(fields, "protocol: "+e.protocol)
		}
		if e.more != "" {
			fields = append(fields, e.more)
		}
		if len(e.rules) > 0 {
			fields = append(fields, "rules: [{ allow: "+strings.Join(e.rules, " }, { allow: ")+" }]")
		}
		if len(e.deny) > 0 {
			fields = append(fields, "deny_rules: ["+strings.Join(e.deny, ", ")+"]")
		}
		out = append(out, block(fmt.Sprintf("b%d", i), "{ "+strings.Join(fields, ", ")+" }", e.binaries))
	}
	return out
}

var (
	someHosts    = []string{"a.example", "b.example", "*.example", "**.example", "x.a.example", "*.a.example"}
	somePorts    = []string{"443", "443, 5432"}
	somePaths    = []string{"", "", "/graphql", "/mcp", "/api/**", "/**", "/graph*"}
	someBinaries = []string{curl, curl, "{ path: /usr/bin/curl, descendants: false }", "{ path: /usr/bin/curl, untainted: true }", curl + ", " + git}
	someMore     = map[string][]string{
		"": {"", "", "tls: skip"}, "tcp": {""},
		"rest":      {"access: read-only", "access: read-write", "access: full", "", "enforcement: audit, access: read-only"},
		"graphql":   {"access: read-only", "access: read-write", "access: full", "", "enforcement: audit, access: read-only"},
		"mcp":       {"", "mcp: { allow_all_known_mcp_methods: true }"},
		"websocket": {"access: read-only", "access: full", ""},
	}
	someRules = map[string][]string{
		"rest":      {"{ method: GET, path: /** }", "{ method: '*', path: /api/** }", "{ method: POST, path: /graphql }", "{ method: POST, path: /api/x, query: { a: '1' } }", "{ git: { repo: o/r, push: ['refs/heads/*'] } }"},
		"graphql":   {"{ operation_type: query }", "{ operation_type: mutation, fields: ['add*'] }", "{ operation_type: mutation, fields: [addIt, drop] }", "{ operation_type: mutation, operation_name: 'A*' }", "{ operation_type: mutation, fields: [ADrop] }", "{ operation_type: '*' }"},
		"mcp":       {"{ method: tools/list }", "{ method: vendor/x }", "{ method: tools/call, tool: 'read_*' }", "{ method: tools/call, tool: { any: [read_x, delete_all] } }", "{ method: tools/call }", "{ method: tools/call, tool: run, params: { mode: 'a*' } }", "{ method: tools/call, tool: run, params: { other: 'a*' } }"},
		"websocket": {"{ method: GET, path: /** }", "{ method: WEBSOCKET_TEXT, path: /** }"},
	}
)

func one[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func randomEndpoint(r *rand.Rand) draftEndpoint {
	e := draftEndpoint{host: one(r, someHosts), ports: one(r, somePorts), protocol: one(r, []string{"", "tcp", "rest", "rest", "graphql", "mcp", "websocket"}), binaries: one(r, someBinaries)}
	e.more = one(r, someMore[e.protocol])
	if e.protocol != "" && e.protocol != "tcp" {
		e.path = one(r, somePaths)
	}
	if !strings.Contains(e.more, "access") && len(someRules[e.protocol]) > 0 && r.IntN(8) > 0 {
		e.rules = []string{one(r, someRules[e.protocol])}
	}
	if r.IntN(3) == 0 && len(someRules[e.protocol]) > 0 {
		e.deny = []string{one(r, someRules[e.protocol])}
	}
	return e
}

// changed is d with one change somewhere.
func (d draft) changed(r *rand.Rand) draft {
	d.endpoints = slices.Clone(d.endpoints)
	i := r.IntN(len(d.endpoints))
	e := &d.endpoints[i]
	fresh := randomEndpoint(r)
	switch r.IntN(10) {
	case 0:
		d.endpoints = slices.Delete(d.endpoints, i, i+1)
	case 1, 2:
		d.endpoints = append(d.endpoints, fresh)
	case 3:
		e.host = fresh.host
	case 4:
		e.ports, e.path = fresh.ports, fresh.path
	case 5:
		e.more, e.rules = one(r, someMore[e.protocol]), nil
	case 6:
		e.deny = nil
	case 7:
		e.binaries = fresh.binaries
	case 8:
		if list := someRules[e.protocol]; len(list) > 0 && !strings.Contains(e.more, "access") {
			e.rules = append(slices.Clone(e.rules), one(r, list))
		}
	default:
		*e = fresh
	}
	return d
}

// probes are requests that tell policies of these drafts apart.
func probes() []policy.Request {
	ql := func(kind, name string, fields ...string) []policy.Action {
		return []policy.Action{{Protocol: policy.GraphQL, Kind: kind, Name: name, Fields: fields}}
	}
	call := func(method, tool string, param func(string) (string, bool)) []policy.Action {
		return []policy.Action{{Protocol: policy.MCP, Kind: method, Name: tool, Known: method != "vendor/x", Param: param}}
	}
	set := func(name, value string) func(string) (string, bool) {
		return func(n string) (string, bool) {
			return value, n == "params."+name || n == name || n == "params.arguments."+name
		}
	}
	out := []policy.Request{
		{Method: "GET", Path: "/api/x", Upgrade: true},
		{Method: policy.SocketText, Path: "/api/x", Upgrade: true},
		{Method: "POST", Path: "/o/r.git/git-receive-pack", Actions: []policy.Action{{Protocol: policy.Git, Kind: "update", Name: "refs/heads/main"}}},
	}
	for _, path := range []string{"/", "/graphql", "/mcp", "/api/x", "/graphs"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			out = append(out, policy.Request{Method: method, Path: path}, policy.Request{Method: method, Path: path, Query: "a=1"})
		}
		for _, actions := range [][]policy.Action{
			ql("query", "", "viewer"), ql("mutation", "", "addIt"), ql("mutation", "", "drop"), ql("mutation", "Any", "x"), ql("mutation", "Z", "ADrop"),
			call("tools/list", "", nil), call("tools/call", "read_x", nil), call("tools/call", "delete_all", nil), call("initialize", "", nil), call("vendor/x", "", nil),
			call("tools/call", "run", set("mode", "ab")), call("tools/call", "run", set("other", "ab")),
		} {
			out = append(out, policy.Request{Method: "POST", Path: path, Actions: actions})
		}
	}
	return out
}

// lets tells whether a policy lets a request, or raw bytes, to a host.
func lets(e *policy.Engine, d policy.Destination, r *policy.Request) bool {
	a := e.Connect(d)
	switch {
	case a.Decision.Verdict == policy.Denied:
		return false
	case !a.Inspect:
		return true
	case r == nil:
		return false
	}
	return a.Request(*r).Verdict != policy.Denied
}

// Whatever a change lets through that was refused before, something is said of it to whoever has to sign.
func TestNothingWidensInSilence(t *testing.T) {
	engine := func(p *policy.Policy) *policy.Engine {
		e, problems := policy.Compile(p, policy.Options{})
		if e == nil {
			t.Fatal(problems)
		}
		return e
	}
	r := rand.New(rand.NewPCG(1, 2))
	asked, widened, failed := probes(), 0, 0
	for n := 0; n < 4000 && failed < 5; n++ {
		d := draft{}
		for range 1 + r.IntN(4) {
			d.endpoints = append(d.endpoints, randomEndpoint(r))
		}
		after := d.changed(r)
		p, q := tryParse(d.text()), tryParse(after.text())
		if p == nil || q == nil {
			continue
		}
		what := widening(engine(p), engine(q), asked)
		if what == "" {
			continue
		}
		widened++
		if len(risk.Assess(p, q).Permits) == 0 {
			failed++
			t.Errorf("nothing is said of %s\nbefore:\n%s\nafter:\n%s", what, strings.Join(d.text(), ""), strings.Join(after.text(), ""))
		}
	}
	if widened < 200 {
		t.Errorf("only %d of the changes widened anything", widened)
	}
}

// widening is something that after lets through and before does not, or "".
func widening(before, after *policy.Engine, asked []policy.Request) string {
	for _, host := range []string{"a.example", "b.example", "x.a.example", "y.x.a.example"} {
		for _, port := range []int{443, 5432} {
			for _, exe := range []string{"/usr/bin/curl", "/usr/bin/git", "child", "tainted"} {
				d := policy.Destination{Host: host, Port: port, Caller: policy.Caller{Exe: exe}}
				switch exe {
				case "child":
					d.Caller = policy.Caller{Exe: "/usr/bin/env", Ancestors: []string{"/usr/bin/curl"}}
				case "tainted":
					d.Caller = policy.Caller{Exe: "/usr/bin/curl", Tainted: "/tmp/x"}
				}
				if lets(after, d, nil) && !lets(before, d, nil) {
					return fmt.Sprintf("bytes to %s:%d by %s", host, port, exe)
				}
				for i := range asked {
					if lets(after, d, &asked[i]) && !lets(before, d, &asked[i]) {
						return fmt.Sprintf("%s %s %v to %s:%d by %s", asked[i].Method, asked[i].Path, asked[i].Actions, host, port, exe)
					}
				}
			}
		}
	}
	return ""
}
