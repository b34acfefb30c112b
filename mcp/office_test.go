package mcp_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"exeat/approvals"
	"exeat/mcp"
	"exeat/policy"
	"exeat/sandbox"
	"exeat/store"
)

// office is a machine with sandboxes that nothing runs, and a server for them.
type office struct {
	t      *testing.T
	dirs   store.Dirs
	store  *store.Store
	desk   *approvals.Desk
	server *server.MCPServer
}

const basePolicy = `version: 1
network_policies:
  github:
    endpoints:
      - { host: api.github.com, port: 443, protocol: rest, access: read-only }
    binaries:
      - { path: /usr/bin/curl }
`

func newOffice(t *testing.T) *office {
	t.Helper()
	dir := t.TempDir()
	// As the binary finds them from HOME and XDG_RUNTIME_DIR.
	dirs := store.Dirs{
		State: filepath.Join(dir, ".local/state/exeat"), Config: filepath.Join(dir, ".config/exeat"), Runtime: filepath.Join(dir, "run/exeat"),
	}
	if err := store.Prepare(dirs); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), dirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	o := &office{t: t, dirs: dirs, store: st, desk: &approvals.Desk{Store: st, Dirs: dirs}}
	o.server = mcp.New(o.config())
	return o
}

func (o *office) config() mcp.Config {
	return mcp.Config{Version: "test", Boxes: &sandbox.Sandboxes{Dirs: o.dirs, Store: o.store}}
}

// box makes a sandbox with one approver; its id is its name.
func (o *office) box(name, text string) {
	o.t.Helper()
	o.make(store.Sandbox{ID: name, Name: name, Spec: store.Spec{Approvers: []store.Approver{{Name: "ada"}}}}, text)
}

func (o *office) make(box store.Sandbox, text string) {
	o.t.Helper()
	if err := o.store.CreateSandbox(o.t.Context(), box, o.revision(box.ID, 1, text)); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) revision(id string, number int, text string) store.Revision {
	o.t.Helper()
	p, problems := policy.Parse("test", []byte(text))
	if p == nil {
		o.t.Fatal(problems)
	}
	return store.Revision{Sandbox: id, Number: number, Digest: p.Digest(), Text: p.Text(), Status: store.RevisionLoaded}
}

// denied is what a sandbox was denied; set makes it another denial.
func denied(set func(*store.Decision)) store.Decision {
	d := store.Decision{
		Exe: "/usr/bin/curl", Ancestors: []string{"/usr/bin/bash"}, PID: 4711, Host: "api.github.com", Port: 443, Layer: "l7", Protocol: "rest",
		Method: "PUT", Target: "/repos/acme/widgets/contents/a.py", Verdict: store.VerdictDeny, Policy: "github",
		Code: string(policy.CodePolicy), Reason: "PUT /repos/acme/widgets/contents/a.py not permitted by policy",
	}
	if set != nil {
		set(&d)
	}
	return d
}

// deny records denials, a second apart, and returns their ids.
func (o *office) deny(id string, all ...store.Decision) []int64 {
	o.t.Helper()
	log, err := store.OpenDecisions(o.t.Context(), o.dirs, id)
	if err != nil {
		o.t.Fatal(err)
	}
	defer log.Close()
	ids := make([]int64, len(all))
	for i, d := range all {
		d.Time = time.Now().Add(time.Duration(i-len(all)) * time.Second)
		if ids[i], err = log.Record(o.t.Context(), d); err != nil {
			o.t.Fatal(err)
		}
	}
	return ids
}

// result is a tool's result as it goes over the wire.
type result struct {
	IsError bool `json:"isError"`
	Content []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"content"`
	Structured json.RawMessage `json:"structuredContent"`
}

// request puts one JSON-RPC request to the server in this process.
func (o *office) request(method string, params any) (result, failure json.RawMessage) {
	o.t.Helper()
	raw, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		o.t.Fatal(err)
	}
	answer, err := json.Marshal(o.server.HandleMessage(o.t.Context(), raw))
	if err != nil {
		o.t.Fatal(err)
	}
	var reply struct{ Result, Error json.RawMessage }
	if err := json.Unmarshal(answer, &reply); err != nil {
		o.t.Fatalf("%v: %s", err, answer)
	}
	return reply.Result, reply.Error
}

// maxResult is what every client shows whole.
const maxResult = 10_000

// call calls a tool and holds its result to what every result must be.
func (o *office) call(name string, arguments any) result {
	o.t.Helper()
	raw, failure := o.request("tools/call", map[string]any{"name": name, "arguments": arguments})
	if failure != nil {
		o.t.Fatalf("%s: %s", name, failure)
	}
	var r result
	if err := json.Unmarshal(raw, &r); err != nil {
		o.t.Fatal(err)
	}
	r.check(o.t, name)
	return r
}

// check ensures that a result is small, and says the same to clients that show
// its text and to those that show its structure.
func (r result) check(t *testing.T, name string) {
	t.Helper()
	if len(r.Content) != 1 || r.Content[0].Type != "text" || r.Content[0].Text != string(r.Structured) {
		t.Errorf("%s: text %+v and structure %s differ", name, r.Content, r.Structured)
	}
	if len(r.Structured) >= maxResult {
		t.Errorf("%s: %d bytes, want less than %d: %.300s", name, len(r.Structured), maxResult, r.Structured)
	}
}

// ok calls a tool that must succeed and decodes its result.
func (o *office) ok(name string, arguments, into any) {
	o.t.Helper()
	r := o.call(name, arguments)
	if r.IsError {
		o.t.Fatalf("%s %v: %s", name, arguments, r.Structured)
	}
	if err := json.Unmarshal(r.Structured, into); err != nil {
		o.t.Fatalf("%s: %v: %s", name, err, r.Structured)
	}
}

// failed is a tool's error.
type failed struct {
	Error      string `json:"error"`
	Message    string `json:"message"`
	DidYouMean string `json:"did_you_mean"`
	NextStep   string `json:"next_step"`
}

// fails calls a tool that must fail.
func (o *office) fails(name string, arguments any) failed {
	o.t.Helper()
	r := o.call(name, arguments)
	var f failed
	if err := json.Unmarshal(r.Structured, &f); err != nil || !r.IsError {
		o.t.Fatalf("%s %.200v: want an error, got %s", name, fmt.Sprint(arguments), r.Structured)
	}
	codes := map[string]bool{"bad_argument": true, "not_found": true, "conflict": true, "refused": true, "internal": true}
	if !codes[f.Error] || f.Message == "" || f.NextStep == "" {
		o.t.Errorf("%s: not in the closed set, or silent: %+v", name, f)
	}
	return f
}

type args = map[string]any
