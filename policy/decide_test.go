package policy_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"exeat/policy"
)

// TestDecide runs testdata/decide: a policy (or the name of a file that holds
// it), request lines, and what is decided. A request line is
//
//	CALLER METHOD URL [ACTION...]
//	CALLER CONNECT HOST:PORT
//
// where METHOD may be UPGRADE, for a GET that asks for a WebSocket, or TEXT, for a
// message of the client on one, and ACTION is PROTOCOL:KIND:NAME:FIELD,FIELD or
// PROTOCOL:unread:WHY.
// where CALLER is an executable and its ancestors, joined by "<", and "!" and the
// file that taints it; or "?" and why it is unknown. -update writes the decisions.
func TestDecide(t *testing.T) {
	files, err := filepath.Glob("testdata/decide/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runDecide(t, file) })
	}
}

func runDecide(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.Files) != 3 {
		t.Fatalf("got %d sections, want a policy, requests and decisions", len(archive.Files))
	}
	engine := compileScript(t, archive.Files[0])
	var got bytes.Buffer
	for line := range strings.Lines(string(archive.Files[1].Data)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fmt.Fprintf(&got, "%s\n", line)
		writeDecision(&got, decideLine(t, engine, line))
	}
	if *update {
		archive.Files[2].Data = got.Bytes()
		if err := os.WriteFile(file, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(archive.Files[2].Data), got.String()); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func compileScript(t *testing.T, f txtar.File) *policy.Engine {
	t.Helper()
	name, src := f.Name, f.Data
	if name == "file" {
		name = filepath.Join("testdata", strings.TrimSpace(string(src)))
		var err error
		if src, err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return mustCompile(t, name, src)
}

func mustCompile(t testing.TB, name string, src []byte) *policy.Engine {
	t.Helper()
	p, problems := policy.Parse(name, src)
	if p == nil {
		t.Fatal(problems.Error())
	}
	engine, problems := policy.Compile(p, policy.Options{Aliases: func(path string) []string {
		return map[string][]string{"/bin/bash": {"/usr/bin/bash"}}[path]
	}})
	if engine == nil {
		t.Fatal(problems.Error())
	}
	return engine
}

// decideLine does for one request line what the proxy does.
func decideLine(t *testing.T, engine *policy.Engine, line string) policy.Decision {
	t.Helper()
	fields := strings.Fields(line)
	if len(fields) < 3 {
		t.Fatalf("%q: want caller, method and target", line)
	}
	who := callerOf(fields[0])
	if fields[1] == "CONNECT" {
		a := engine.Connect(policy.Destination{Host: hostOf(t, fields[2]), Port: portOf(t, fields[2]), Caller: who})
		return a.Decision
	}
	u, err := url.Parse(fields[2])
	if err != nil {
		t.Fatal(err)
	}
	authority := u.Host
	if u.Port() == "" {
		authority += ":443"
	}
	a := engine.Connect(policy.Destination{Host: hostOf(t, authority), Port: portOf(t, authority), Caller: who})
	_, target, _ := strings.Cut(fields[2], "://")
	target = target[strings.IndexByte(target, '/'):]
	raw, query, _ := strings.Cut(target, "?")
	path, err := policy.CanonicalPath(raw, a.EncodedSlash)
	if err != nil {
		return policy.Decision{Verdict: policy.Denied, Code: policy.CodeMalformed, Layer: "l7", Reason: err.Error()}
	}
	r := policy.Request{Method: fields[1], Path: path, Query: query}
	for _, text := range fields[3:] {
		addAction(&r, text)
	}
	switch r.Method {
	case "TEXT":
		r.Method = "GET"
		return a.Message(r)
	case "UPGRADE":
		r.Method, r.Upgrade = "GET", true
	}
	return a.Request(r)
}

func addAction(r *policy.Request, text string) {
	parts := append(strings.SplitN(text, ":", 4), "", "", "")
	if parts[1] == "unread" {
		r.Unread = map[string]string{parts[0]: parts[2]}
		return
	}
	a := policy.Action{Protocol: parts[0], Kind: parts[1], Name: parts[2], Known: true}
	if parts[3] != "" {
		a.Fields = strings.Split(parts[3], ",")
	}
	a.Param = func(path string) (string, bool) { return a.Name, path == "params.name" }
	r.Actions = append(r.Actions, a)
}

func callerOf(text string) policy.Caller {
	if why, unknown := strings.CutPrefix(text, "?"); unknown {
		return policy.Caller{Unknown: why}
	}
	text, tainted, _ := strings.Cut(text, "!")
	all := strings.Split(text, "<")
	return policy.Caller{Exe: all[0], Ancestors: all[1:], Tainted: tainted}
}

func hostOf(t *testing.T, authority string) string {
	t.Helper()
	host, err := policy.CanonicalHost(authority[:strings.LastIndexByte(authority, ':')])
	if err != nil {
		t.Fatalf("%s: %v", authority, err)
	}
	return host
}

func portOf(t *testing.T, authority string) int {
	t.Helper()
	port, err := strconv.Atoi(authority[strings.LastIndexByte(authority, ':')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func writeDecision(out *bytes.Buffer, d policy.Decision) {
	fmt.Fprintf(out, "\t%s %s/%s %s", d.Verdict, d.Layer, d.Protocol, d.Policy)
	if d.Code != "" {
		fmt.Fprintf(out, " [%s] %s", d.Code, d.Reason)
	}
	out.WriteByte('\n')
	if d.RuleMissing != "" {
		fmt.Fprintf(out, "\t  missing %s\n", d.RuleMissing)
	}
	for _, ref := range d.By {
		fmt.Fprintf(out, "\t  %s %s: %s\n", ref.Block, ref.Endpoint, ref.Effect)
	}
}
