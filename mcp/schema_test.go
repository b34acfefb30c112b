package mcp_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"exeat/mcp"
	"exeat/mcp/inside"
)

var update = flag.Bool("update", false, "write the golden files")

// definition is a tool as clients see it.
type definition struct {
	Name        string          `json:"name"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"inputSchema"`
	Annotations struct {
		ReadOnly    *bool `json:"readOnlyHint"`
		Destructive *bool `json:"destructiveHint"`
		Idempotent  *bool `json:"idempotentHint"`
		OpenWorld   *bool `json:"openWorldHint"`
	} `json:"annotations"`
}

// listed are the tools and the instructions of a server.
type listed struct {
	tools        []json.RawMessage
	instructions string
}

func (o *office) listed() (l listed) {
	tools, _ := o.request("tools/list", args{})
	hello, _ := o.request("initialize", args{"protocolVersion": "2025-06-18", "capabilities": args{}, "clientInfo": args{"name": "t", "version": "1"}})
	return read(o.t, tools, hello)
}

func read(t *testing.T, tools, hello json.RawMessage) (l listed) {
	t.Helper()
	var list struct{ Tools []json.RawMessage }
	var init struct{ Instructions string }
	if json.Unmarshal(tools, &list) != nil || json.Unmarshal(hello, &init) != nil {
		t.Fatalf("got %s and %s", tools, hello)
	}
	return listed{list.Tools, init.Instructions}
}

// insideListed asks the endpoint inside, which looks at no sandbox to answer this.
func insideListed(t *testing.T) listed {
	t.Helper()
	handler := inside.Handler("test", nil)
	session := ""
	ask := func(body string) json.RawMessage {
		r := httptest.NewRequest(http.MethodPost, "http://exeat.local/mcp", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Mcp-Session-Id", session)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		session = w.Header().Get("Mcp-Session-Id")
		var reply struct{ Result json.RawMessage }
		if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		return reply.Result
	}
	hello := ask(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	return read(t, ask(`{"jsonrpc":"2.0","id":2,"method":"tools/list"}`), hello)
}

// TestDefinitions holds what clients see of each tool to a golden file, since
// a model acts on every word of it.
func TestDefinitions(t *testing.T) {
	readOnly := newOffice(t)
	c := readOnly.config()
	c.ReadOnly = true
	readOnly.server = mcp.New(c)
	for _, row := range []struct {
		name  string
		got   listed
		tools []string
	}{
		{"host", newOffice(t).listed(), []string{"await_approval", "explain_denial", "get_policy", "list_denials", "list_sandboxes", "propose_policy_change"}},
		{"host", readOnly.listed(), []string{"explain_denial", "get_policy", "list_denials", "list_sandboxes"}},
		{"inside", insideListed(t), []string{"await_change", "explain_denial", "get_policy", "list_denials"}},
	} {
		var names []string
		for _, raw := range row.got.tools {
			names = append(names, checkDefinition(t, filepath.Join("testdata", "tools", row.name), raw))
		}
		slices.Sort(names)
		if diff := cmp.Diff(names, row.tools); diff != "" {
			t.Errorf("-got +want:\n%s", diff)
		}
		if n := utf8.RuneCountInString(row.got.instructions); n > 600 || n < 200 {
			t.Errorf("%s: instructions of %d characters", row.name, n)
		}
		if strings.Contains(row.got.instructions, "propose") != slices.Contains(row.tools, "propose_policy_change") {
			t.Errorf("%s: instructions for tools that are not there: %s", row.name, row.got.instructions)
		}
	}
}

func checkDefinition(t *testing.T, dir string, raw json.RawMessage) (name string) {
	t.Helper()
	var d definition
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	a := d.Annotations
	if a.ReadOnly == nil || a.Destructive == nil || a.Idempotent == nil || a.OpenWorld == nil {
		t.Fatalf("%s: annotations %+v", d.Name, a)
	}
	if *a.Destructive || *a.OpenWorld || *a.ReadOnly == (d.Name == "propose_policy_change") {
		t.Errorf("%s: annotations say otherwise: %s", d.Name, raw)
	}
	checkSchema(t, d)
	var indented bytes.Buffer
	_ = json.Indent(&indented, raw, "", "  ")
	indented.WriteByte('\n')
	golden := filepath.Join(dir, d.Name+".json")
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, indented.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(indented.String(), string(want)); diff != "" {
		t.Errorf("%s (run with -update and review) -got +want:\n%s", d.Name, diff)
	}
	return d.Name
}

// checkSchema ensures what clients choke on is not there: combinators at the
// top, properties of no or of several types.
func checkSchema(t *testing.T, d definition) {
	t.Helper()
	var schema struct {
		Type       string                    `json:"type"`
		Additional *bool                     `json:"additionalProperties"`
		Properties map[string]map[string]any `json:"properties"`
		AnyOf      any                       `json:"anyOf"`
		OneOf      any                       `json:"oneOf"`
		AllOf      any                       `json:"allOf"`
	}
	if err := json.Unmarshal(d.InputSchema, &schema); err != nil {
		t.Fatalf("%s: %v", d.Name, err)
	}
	if schema.Type != "object" || schema.Additional == nil || *schema.Additional || schema.AnyOf != nil || schema.OneOf != nil || schema.AllOf != nil {
		t.Errorf("%s: schema %s", d.Name, d.InputSchema)
	}
	for name, p := range schema.Properties {
		if _, single := p["type"].(string); !single {
			t.Errorf("%s: %s has the type %v", d.Name, name, p["type"])
		}
	}
}

// TestFound ensures that a search for the words of an error finds a tool: some
// clients show a model only the tools it has searched for.
func TestFound(t *testing.T) {
	for name, server := range map[string]listed{"host": newOffice(t).listed(), "inside": insideListed(t)} {
		for _, query := range []string{"403 forbidden proxy", "connection refused", "connection reset", "permission denied", "git push rejected", "ask for access"} {
			found := slices.ContainsFunc(server.tools, func(raw json.RawMessage) bool {
				var d definition
				_ = json.Unmarshal(raw, &d)
				text := strings.ToLower(d.Title + " " + d.Description)
				return !slices.ContainsFunc(strings.Fields(query), func(word string) bool { return !strings.Contains(text, word) })
			})
			if !found {
				t.Errorf("%s: nothing is found for %q", name, query)
			}
		}
	}
}
