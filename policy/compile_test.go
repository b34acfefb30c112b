package policy_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/policy"
)

// oneEndpoint is a policy of one block with one endpoint, for /usr/bin/curl.
func oneEndpoint(e policy.Endpoint) *policy.Policy {
	if e.Host == "" {
		e.Host, e.Ports, e.Protocol, e.Enforcement = "x.example", []int{443}, policy.REST, policy.Enforce
	}
	return &policy.Policy{Version: 1, Blocks: []policy.Block{{
		Key: "one", Endpoints: []policy.Endpoint{e}, Binaries: []policy.Binary{{Path: "/usr/bin/curl"}},
	}}}
}

func curlTo(host string, port int) policy.Destination {
	return policy.Destination{Host: host, Port: port, Caller: policy.Caller{Exe: "/usr/bin/curl"}}
}

// An endpoint with many rules finds each of them, in every form of the path.
func TestManyRules(t *testing.T) {
	var e policy.Endpoint
	for i := range 40 {
		e.Rules = append(e.Rules, policy.Match{Method: "GET", Path: fmt.Sprintf("/long/directory/r%d/x", i)})
		e.DenyRules = append(e.DenyRules, policy.Match{Method: "*", Path: fmt.Sprintf("/orgs/o%d/x", i)})
	}
	e.Rules = append(e.Rules, policy.Match{Method: "GET", Path: "/**/x"}, policy.Match{Method: "GET", Path: "/top"})
	engine, problems := policy.Compile(oneEndpoint(e), policy.Options{})
	if engine == nil {
		t.Fatal(problems.Error())
	}
	for _, row := range []struct {
		path string
		want policy.Code
	}{
		{"/long/directory/r0/x", ""},
		{"/long/directory/r39/x", ""},
		{"/long/directory/r39/y", policy.CodePolicy},
		{"/top", ""},
		{"/orgs/o40/x", ""},
		{"/orgs/o39/x", policy.CodeDenyRule},
		{"//orgs/o39/x", policy.CodeDenyRule},
		{"/orgs//o39/x", policy.CodeDenyRule},
		{"/orgs;a/o39/x", policy.CodeDenyRule},
		{"/ORGS/o39/x", policy.CodeDenyRule},
	} {
		a := engine.Connect(curlTo("x.example", 443))
		if d := a.Request(policy.Request{Method: "GET", Path: row.path}); d.Code != row.want {
			t.Errorf("GET %s: got %+v, want code %q", row.path, d, row.want)
		}
	}
}

// TestForms: what a server may take for a path that is denied is denied too, and what only looks like it is not.
func TestForms(t *testing.T) {
	e := policy.Endpoint{Access: policy.Full, AllowEncodedSlash: true}
	for _, path := range []string{"/admin", "/api/delete", "/kiosk/list/**", "/caf%C3%A9", "/run.php"} {
		e.DenyRules = append(e.DenyRules, policy.Match{Method: "*", Path: path})
	}
	engine, problems := policy.Compile(oneEndpoint(e), policy.Options{})
	if engine == nil {
		t.Fatal(problems.Error())
	}
	for want, paths := range map[policy.Code]string{
		policy.CodeDenyRule: "/admin%3F /admin%23x /API/delete%3Fa/b /api%252Fdelete%253Fx /api%2Fdelete%3F" + // as nginx passes $uri on
			" /admin;/x /admin/;x=1/y /api/delete;a/b;c/d /api/delete%3Bx/y" + // Fastify 4
			" //x/admin ///x/admin //x//admin/ //x/api/delete;y //x%2Fadmin%2F" + // Node, PHP
			" /index.php/admin /x/app.php/api/delete /Index.PHP//admin/ /index.php%2Fadmin /run.php/x /x.php/RUN.php;y/z" +
			" /AP%C4%B1/delete /%C4%B0ndex.php/adm%C4%B1n /%E2%84%AAio%C5%BFk/list/x /%EF%BD%81dmin /kiosk%EF%BC%8Flist/ /CAF%C3%89" +
			" /admin. /admin%20 /admin%20.%20/ /api../delete /admin::$DATA /admin%3A%3A$INDEX_ALLOCATION/ /(S(x))/admin /api/(A(x)S(y))//delete.",
		"": "/ad.min /ad%20min /.admin /(S(x))admin /(x)/admin /admin:$x /api.delete /adminx%3F /x%3F/admin /x%23/api/delete /x;/admin/y /admins;x /x//y/admin /x/admin /admin.php /run.phpx/y /x/run.php/y /index.phpx/admin /index.php" +
			" /%E4%BE%8B/list /caf%C3%A8 /caf%E9 /api/delet%C3%A9 /a/b;v=1,2/c~d+e:f@g //x /@types%2Fnode",
	} {
		for path := range strings.FieldsSeq(paths) {
			path, query, _ := strings.Cut(path, "?")
			a := engine.Connect(curlTo("x.example", 443))
			if d := a.Request(policy.Request{Method: "GET", Path: path, Query: query}); d.Code != want {
				t.Errorf("GET %s: got %+v, want code %q", path, d, want)
			}
		}
	}
}

func TestConnectFacts(t *testing.T) {
	private := netip.MustParsePrefix("10.1.0.0/16")
	for _, row := range []struct {
		name     string
		endpoint policy.Endpoint
		want     policy.Admission
	}{
		{"uninspected", policy.Endpoint{Host: "x.example", Ports: []int{443}}, policy.Admission{}},
		{"skip", policy.Endpoint{Host: "x.example", Ports: []int{443}, TLS: "skip"}, policy.Admission{SkipTLS: true}},
		{
			"inspected",
			policy.Endpoint{Host: "x.example", Ports: []int{80, 443}, Protocol: policy.REST, Access: policy.Full, AllowEncodedSlash: true},
			policy.Admission{Inspect: true, EncodedSlash: true},
		},
		{
			"private",
			policy.Endpoint{Host: "x.example", Ports: []int{443}, AllowedIPs: []string{"10.1.2.3/16"}},
			policy.Admission{AllowedIPs: []netip.Prefix{private}},
		},
	} {
		engine, problems := policy.Compile(oneEndpoint(row.endpoint), policy.Options{})
		if engine == nil {
			t.Fatal(problems.Error())
		}
		a := engine.Connect(curlTo("x.example", 443))
		got := policy.Admission{Inspect: a.Inspect, SkipTLS: a.SkipTLS, AllowedIPs: a.AllowedIPs, EncodedSlash: a.EncodedSlash}
		same := cmp.Comparer(func(x, y netip.Prefix) bool { return x == y })
		if diff := cmp.Diff(got, row.want, same, cmp.FilterPath(isUnexported, cmp.Ignore())); diff != "" {
			t.Errorf("%s (-got +want):\n%s", row.name, diff)
		}
		if a.Decision.Verdict != policy.Allowed {
			t.Errorf("%s: got %+v", row.name, a.Decision)
		}
	}
}

func isUnexported(p cmp.Path) bool {
	field, ok := p.Last().(cmp.StructField)
	return ok && field.Name()[0] >= 'a'
}

// An alias is an exact path: it never works as a pattern.
func TestAliases(t *testing.T) {
	p := oneEndpoint(policy.Endpoint{Host: "x.example", Ports: []int{443}})
	engine, _ := policy.Compile(p, policy.Options{Aliases: func(string) []string { return []string{"/opt/*/curl"} }})
	for exe, want := range map[string]policy.Verdict{
		"/usr/bin/curl": policy.Allowed, "/opt/*/curl": policy.Allowed, "/opt/x/curl": policy.Denied, "": policy.Denied,
	} {
		d := curlTo("x.example", 443)
		d.Caller.Exe = exe
		if a := engine.Connect(d); a.Decision.Verdict != want {
			t.Errorf("%q: got %+v, want %s", exe, a.Decision, want)
		}
	}
}

func TestCompileReportsMistakes(t *testing.T) {
	for _, e := range []policy.Endpoint{
		{Host: "*.com", Ports: []int{443}},
		{Host: "x.example", Ports: []int{443}, AllowedIPs: []string{"10.0.0.1"}},
		{Host: "x.example", Protocol: policy.REST, Path: "a"},
		{Host: "x.example", Protocol: policy.REST, Rules: []policy.Match{{Method: "GET", Path: "/{a}"}}},
	} {
		if engine, problems := policy.Compile(oneEndpoint(e), policy.Options{}); engine != nil || !problems.HasErrors() {
			t.Errorf("%+v: got an engine", e)
		}
	}
}

// A denial of a host with very many endpoints stays small.
func TestDenialIsBounded(t *testing.T) {
	p := oneEndpoint(policy.Endpoint{Host: "x.example", Ports: []int{443}})
	for range 10 {
		p.Blocks[0].Endpoints = append(p.Blocks[0].Endpoints, p.Blocks[0].Endpoints...)
	}
	engine, _ := policy.Compile(p, policy.Options{})
	if a := engine.Connect(curlTo("x.example", 80)); len(a.Decision.By) != 32 {
		t.Errorf("got %d parts, want 32", len(a.Decision.By))
	}
	if a := engine.Connect(curlTo("x.example", 443)); a.Decision.Verdict != policy.Allowed {
		t.Errorf("got %+v", a.Decision)
	}
}

// A denial stays small whatever names the body had.
func TestDenialOfNamesIsBounded(t *testing.T) {
	e := policy.Endpoint{Host: "x.example", Ports: []int{443}, Path: "/graphql", Protocol: policy.GraphQL, Access: policy.ReadOnly}
	engine, _ := policy.Compile(oneEndpoint(e), policy.Options{})
	long := policy.Action{Protocol: policy.GraphQL, Kind: "mutation", Name: strings.Repeat("n", 10_000)}
	for range 100 {
		long.Fields = append(long.Fields, strings.Repeat("f", 1000))
	}
	short := policy.Action{Protocol: policy.GraphQL, Kind: "mutation", Fields: []string{"drop"}}
	a := engine.Connect(curlTo("x.example", 443))
	for _, row := range []struct {
		actions []policy.Action
		missing int // rules
	}{
		{[]policy.Action{long, long, long, long, long}, 0},
		{slices.Repeat([]policy.Action{short}, 64), 1},
	} {
		d := a.Request(policy.Request{Method: "POST", Path: "/graphql", Actions: row.actions})
		if n := strings.Count(d.RuleMissing, "allow"); len(d.Reason) > 4<<10 || len(d.RuleMissing) > 4<<10 || n != row.missing || d.Verdict != policy.Denied {
			t.Errorf("got a reason of %d bytes, %d missing rules in %d bytes: %.300s", len(d.Reason), n, len(d.RuleMissing), d.Reason)
		}
	}
}
