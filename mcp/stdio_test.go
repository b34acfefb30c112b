package mcp_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wire is a client that speaks raw JSON lines to `exeat mcp serve`.
type wire struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    chan string
	record string // where running servers are recorded
}

// serve starts the binary as a client would, on the office's state.
func (o *office) serve(arguments ...string) *wire {
	o.t.Helper()
	home := strings.TrimSuffix(o.dirs.State, "/.local/state/exeat")
	cmd := exec.Command(os.Getenv(binaryVariable), append([]string{"mcp", "serve"}, arguments...)...)
	cmd.Env = []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + filepath.Dir(o.dirs.Runtime), "PATH=" + os.Getenv("PATH")}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	w := &wire{t: o.t, cmd: cmd, in: in, out: make(chan string, 100), record: o.dirs.Runtime}
	go func() {
		defer close(w.out)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			w.out <- lines.Text()
		}
	}()
	o.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() }) //nolint:errcheck // ended already where all went well
	return w
}

// say sends one line.
func (w *wire) say(format string, a ...any) {
	w.t.Helper()
	if _, err := fmt.Fprintf(w.in, format+"\n", a...); err != nil {
		w.t.Fatal(err)
	}
}

// reply is a JSON-RPC message of the server.
type reply struct {
	ID     json.RawMessage `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// hear waits for the next message.
func (w *wire) hear() (r reply) {
	w.t.Helper()
	select {
	case line, ok := <-w.out:
		if !ok {
			w.t.Fatal("the server has ended")
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			w.t.Fatalf("not a message: %q", line)
		}
	case <-time.After(20 * time.Second):
		w.t.Fatal("no answer")
	}
	return r
}

// ask sends a line and returns the result of its answer.
func (w *wire) ask(format string, a ...any) string {
	w.t.Helper()
	w.say(format, a...)
	r := w.hear()
	if r.Error != nil {
		w.t.Fatalf("%s: %+v", fmt.Sprintf(format, a...), r.Error)
	}
	return string(r.Result)
}

// end hangs up and wants the server to end by itself, leaving no record of it.
func (w *wire) end() {
	w.t.Helper()
	w.in.Close()
	late := time.AfterFunc(10*time.Second, func() { w.cmd.Process.Kill() })
	defer late.Stop()
	if err := w.cmd.Wait(); err != nil {
		w.t.Errorf("the server ended with %v", err)
	}
	left := filepath.Join(w.record, "*", fmt.Sprint(w.cmd.Process.Pid))
	if found, _ := filepath.Glob(left); len(found) > 0 {
		w.t.Errorf("%v is left behind", found)
	}
}

// callLine is a call of a tool; meta goes into its parameters.
func callLine(id int, meta, name, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{%s"name":%q,"arguments":%s}}`, id, meta, name, arguments)
}

// era is one way to begin a session. The parameters of 2026-07-28 name the
// version in each request, and nothing comes before the first.
type era struct{ version, meta string }

var eras = []era{
	{"2024-11-05", ""},
	{"2025-06-18", ""},
	{"2025-11-25", ""},
	{"2026-07-28", `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}},`},
}

// params are parameters with the era's own first.
func (e era) params(rest string) string {
	return "{" + strings.TrimSuffix(e.meta+rest, ",") + "}"
}

// begin opens a session and returns the instructions.
func (e era) begin(w *wire) string {
	if e.meta != "" {
		got := w.ask(`{"jsonrpc":"2.0","id":0,"method":"server/discover","params":%s}`, e.params(""))
		if !strings.Contains(got, `"`+e.version+`"`) {
			w.t.Errorf("not among the versions: %s", got)
		}
		return got
	}
	got := w.ask(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,"capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}`, e.version)
	if !strings.Contains(got, fmt.Sprintf(`"protocolVersion":%q`, e.version)) {
		w.t.Errorf("want version %s: %s", e.version, got)
	}
	w.say(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return got
}

// TestStdio speaks every version of the protocol to the binary, line by line.
func TestStdio(t *testing.T) {
	for _, e := range eras {
		t.Run(e.version, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.box("demo", basePolicy)
			id := o.deny("demo", denied(nil))[0]
			w := o.serve()
			if got := e.begin(w); !strings.Contains(got, "you never can") {
				t.Errorf("no instructions: %s", got)
			}
			if got := w.ask(`{"jsonrpc":"2.0","id":"a","method":"tools/list","params":%s}`, e.params("")); strings.Count(got, `"inputSchema"`) != 6 {
				t.Errorf("tools: %s", got)
			}
			if got := w.ask(`{"jsonrpc":"2.0","id":1,"method":"prompts/list","params":%s}`, e.params("")); !strings.Contains(got, "triage_denials") {
				t.Errorf("prompts: %s", got)
			}
			w.tell(e, "list_sandboxes", `{}`, `"pending_proposals":0`)
			w.tell(e, "list_denials", `{"sandbox":"demo"}`, fmt.Sprintf(`"id":%d`, id))
			w.tell(e, "explain_denial", fmt.Sprintf(`{"sandbox":"demo","denial_id":%d}`, id), `"op":"add_rule"`)
			w.tell(e, "get_policy", `{"sandbox":"demo"}`, `network_policies`)
			w.tell(e, "propose_policy_change", `{"sandbox":"demo","base_revision":1,"reason":"r","operations":[{"op":"set_access","block":"github","host":"api.github.com","port":443,"access":"full"}]}`, `"proposal_id":1`)
			w.tell(e, "await_approval", `{"proposal_id":1,"wait_seconds":0}`, `"status":"pending"`)
			w.tell(e, "list_denials", `{"sandbox":"dem"}`, `"did_you_mean":"demo"`)
			w.refused(e)
			w.end()
		})
	}
}

// tell calls a tool and looks for words in its result.
func (w *wire) tell(e era, name, arguments, want string) {
	w.t.Helper()
	raw := w.ask("%s", callLine(7, e.meta, name, arguments))
	var r result
	if err := json.Unmarshal([]byte(raw), &r); err != nil {
		w.t.Fatalf("%s: %s", name, raw)
	}
	r.check(w.t, name)
	if !strings.Contains(string(r.Structured), want) {
		w.t.Errorf("%s: want %s: %s", name, want, r.Structured)
	}
}

// refused tries what must not work: approving, by name and hidden in a batch,
// and what is no message at all. The server answers each and goes on.
func (w *wire) refused(e era) {
	w.t.Helper()
	for _, line := range []string{
		callLine(8, e.meta, "approve", `{"proposal_id":1}`),
		"[" + callLine(8, e.meta, "approve", `{"proposal_id":1}`) + "," + callLine(9, e.meta, "list_sandboxes", `{}`) + "]",
		`{"jsonrpc":"2.0","id":10,"method":"approve","params":` + e.params(`"proposal_id":1`) + `}`,
		`{"jsonrpc":"2.0","id":11,"method":"tools/call","params":` + e.params(`"name":5`) + `}`,
		`not json`,
	} {
		w.say("%s", line)
		if r := w.hear(); r.Error == nil {
			w.t.Errorf("%.80s: got %s", line, r.Result)
		}
	}
	w.tell(e, "await_approval", `{"proposal_id":1,"wait_seconds":0}`, `"status":"pending"`)
}

// TestReadOnly ensures that the flag removes the tools that file.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	w := newOffice(t).serve("--read-only")
	eras[1].begin(w)
	if got := w.ask(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`); strings.Count(got, `"inputSchema"`) != 4 {
		t.Errorf("tools: %s", got)
	}
	w.end()
}

// TestWaiters ensures that a server with many waiting calls answers others, tells
// every waiter at once, and ends when its client is gone in the middle of them.
func TestWaiters(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	var p filed
	o.ok("propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": strings.Replace(basePolicy, "read-only", "full", 1)}, &p)
	w := o.serve()
	eras[2].begin(w)
	const waiters = 30
	for id := range waiters {
		w.say("%s", callLine(100+id, "", "await_approval", `{"proposal_id":1,"wait_seconds":50}`))
	}
	w.tell(eras[2], "list_sandboxes", `{}`, `"pending_proposals":1`)
	if got := w.ask(`{"jsonrpc":"2.0","id":1,"method":"ping"}`); got != "{}" {
		t.Errorf("ping: %s", got)
	}
	if _, err := o.desk.Reject(t.Context(), p.ID, "no"); err != nil {
		t.Fatal(err)
	}
	for range waiters {
		if r := w.hear(); !strings.Contains(string(r.Result), "rejected") {
			t.Fatalf("got %s, %+v", r.Result, r.Error)
		}
	}
	o.ok("propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": strings.Replace(basePolicy, "read-only", "read-write", 1)}, &p)
	w.say("%s", callLine(1, "", "await_approval", fmt.Sprintf(`{"proposal_id":%d,"wait_seconds":50}`, p.ID)))
	w.say("%s", callLine(2, "", "list_sandboxes", `{}`))
	w.hear()
	w.end()
}
