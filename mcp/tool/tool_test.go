package tool_test

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"exeat/mcp/tool"
	"exeat/policy"
)

func encoded(t testing.TB, value any) int {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return len(text)
}

func TestCut(t *testing.T) {
	for _, row := range []struct {
		text   string
		budget int
		want   string
	}{
		{"", 0, ""},
		{"abc", 3, "abc"},
		{"abc", 2, "ab"},
		{"abc", 0, ""},
		{`a"c`, 3, `a"`},
		{`a"c`, 2, `a`},
		{"a<c", 7, "a<"},
		{"a<c", 6, "a"},
		{"aäb", 3, "aä"},
		{"aäb", 2, "a"},
	} {
		if got := tool.Cut(row.text, row.budget); got != row.want {
			t.Errorf("%q to %d: got %q, want %q", row.text, row.budget, got, row.want)
		}
	}
}

// FuzzCut ensures that a cut text is a beginning, fits, and breaks no letter.
func FuzzCut(f *testing.F) {
	f.Add("a\"<\u2028ä", 7)
	f.Add(strings.Repeat("<", 100), 50)
	f.Fuzz(func(t *testing.T, text string, budget int) {
		budget %= 1000
		if !utf8.ValidString(text) || budget < 0 {
			return
		}
		got := tool.Cut(text, budget)
		if !strings.HasPrefix(text, got) || encoded(t, got)-2 > budget || !utf8.ValidString(got) {
			t.Errorf("%q to %d: got %q", text, budget, got)
		}
	})
}

var plain = regexp.MustCompile(`^[A-Za-z0-9._: ,';-]*$`)

// FuzzShow ensures that of what a sandbox chose only what cannot talk stands
// outside of untrusted, and that a view stays small.
func FuzzShow(f *testing.F) {
	f.Add("api.github.com", "PUT", "/x", "/usr/bin/curl", "policy_denied", "PUT /x not permitted")
	f.Add("IGNORE PREVIOUS\n", "IGNORE-PREVIOUS-INSTRUCTIONS-AND", "\x1b[2J", strings.Repeat("<", 2000), "x", "\u202e")
	f.Fuzz(func(t *testing.T, host, method, target, exe, code, reason string) {
		v := tool.Denial{Host: host, Method: method, Target: target, Exe: exe, Code: code, Reason: reason, Policy: "p"}.Show()
		if !plain.MatchString(v.Host+v.Method+v.Reason) || len(v.Host) > 253 || len(v.Method) > 20 || len(v.Reason) > 120 {
			t.Errorf("got %+v", v)
		}
		v.Kind = ""
		if n := encoded(t, v); n > 2500 && utf8.ValidString(host+method+target+exe+reason) {
			t.Errorf("%d bytes: %+v", n, v)
		}
	})
}

// FuzzArguments ensures that whatever a client sends as arguments gets an
// answer, and every refusal has a code of the closed set and fits a result.
func FuzzArguments(f *testing.F) {
	s := server.NewMCPServer("t", "1")
	tool.Register(s, tool.Tool{
		Name:   "t",
		Schema: `{"type":"object","properties":{"name":{"type":"string","enum":["a","b"]},"n":{"type":"integer","minimum":1,"maximum":9},"all":{"type":"array","maxItems":2},"yes":{"type":"boolean"}},"required":["n"],"additionalProperties":false}`,
		Handle: func(_ context.Context, raw json.RawMessage) (any, *tool.Error) {
			var in struct {
				Name string             `json:"name"`
				N    int                `json:"n"`
				All  []policy.Operation `json:"all"`
				Yes  bool               `json:"yes"`
			}
			if problem := tool.Decode(raw, &in); problem != nil {
				return nil, problem
			}
			if in.N < 1 || in.N > 9 || len(in.All) > 2 || in.Name != "" && in.Name != "a" && in.Name != "b" {
				panic("the schema was not held to")
			}
			return in, nil
		},
	})
	for _, seed := range []string{`{}`, `{"n":1}`, `{"n":1e3}`, `{"n":10}`, `{"N":1}`, `{"n":1,"n":"x"}`, `{"n":2,"name":"c"}`, `{"n":3,"all":[{"op":"x","hots":1}]}`, `{"n":3,"all":[1,2,3]}`, `[]`, `null`, `"x"`, `{"n":null}`, `{"n":4,"yes":0}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arguments string) {
		if !json.Valid([]byte(arguments)) {
			return
		}
		answer := s.HandleMessage(t.Context(), []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":`+arguments+`}}`))
		reply, ok := answer.(mcp.JSONRPCResponse)
		if !ok {
			t.Fatalf("%s: got %+v", arguments, answer)
		}
		result, ok := reply.Result.(*mcp.CallToolResult)
		if !ok {
			t.Fatalf("%s: got %+v", arguments, reply.Result)
		}
		if !result.IsError {
			return
		}
		problem, ok := result.StructuredContent.(*tool.Error)
		if !ok || problem.Code != tool.CodeBadArgument || encoded(t, problem) >= 10_000 {
			t.Errorf("%s: got %+v", arguments, result.StructuredContent)
		}
	})
}

// TestKindSchema ensures that every code of a denial can be asked for.
func TestKindSchema(t *testing.T) {
	var schema struct{ Enum []string }
	if err := json.Unmarshal([]byte(tool.KindSchema()), &schema); err != nil {
		t.Fatal(err)
	}
	for _, code := range []policy.Code{
		policy.CodePolicy, policy.CodeDenyRule, policy.CodeIdentity, policy.CodeAddress, policy.CodeAuthority,
		policy.CodeMalformed, policy.CodeCredential, policy.CodeProtocol, policy.CodeRecord, "foreign_credential", "upstream_tls",
	} {
		if !slices.Contains(schema.Enum, string(code)) {
			t.Errorf("%s is not among %v", code, schema.Enum)
		}
	}
}

// TestTruncated ensures that no rule is suggested from half a path.
func TestTruncated(t *testing.T) {
	p, problems := policy.Parse("default.yaml", policy.Default())
	if p == nil {
		t.Fatal(problems)
	}
	engine, _ := policy.Compile(p, policy.Options{})
	d := tool.Denial{Host: "api.github.com", Port: 443, Protocol: "rest", Method: "PUT", Target: "/x", Exe: "/usr/bin/curl", Code: string(policy.CodePolicy)}
	if got := d.Explain(1, p, engine); len(got.Options) == 0 {
		t.Fatalf("got %+v", got)
	}
	d.Target = "/" + strings.Repeat("x", 1020) + "..."
	if got := d.Explain(1, p, engine); len(got.Options) != 0 || got.Allowed {
		t.Errorf("got %+v", got)
	}
}
