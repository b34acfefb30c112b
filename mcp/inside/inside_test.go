package inside_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"exeat/mcp/inside"
	"exeat/mcp/tool"
)

var versions = []string{"2024-11-05", "2025-06-18", "2025-11-25", modern}

// TestVersions speaks every version of the protocol over HTTP, byte by byte.
func TestVersions(t *testing.T) {
	for _, version := range versions {
		s := serve(t, newView(t)).open(version)
		if got := s.ask("tools/list", "", ""); strings.Count(got, `"inputSchema"`) != 4 {
			t.Errorf("%s: tools: %s", version, got)
		}
		for _, row := range []struct{ tool, arguments, want string }{
			{"list_denials", `{"limit":2}`, `"next_cursor":2`},
			{"list_denials", `{"cursor":2}`, `"id":1`},
			{"explain_denial", `{"denial_id":1}`, `"op":"add_rule"`},
			{"explain_denial", `{"denial_id":3}`, `"options":[]`},
			{"explain_denial", `{"denial_id":9}`, `"error":"not_found"`},
			{"explain_denial", `{"denial":1}`, `"did_you_mean":"denial_id"`},
			{"get_policy", `{}`, `network_policies`},
			{"await_change", `{"denial_id":1,"wait_seconds":0}`, `"allowed":false`},
			{"await_change", `{"denial_id":3,"wait_seconds":50}`, `no addition`},
		} {
			if got := s.call(row.tool, row.arguments); !strings.Contains(got, row.want) {
				t.Errorf("%s: %s %s: want %s: %s", version, row.tool, row.arguments, row.want, got)
			}
		}
	}
}

// TestSecrets ensures that nothing of the host is shown: where names lead, which
// addresses are open, and what its files are called.
func TestSecrets(t *testing.T) {
	v := newView(t)
	s := serve(t, v).open("2025-06-18")
	check := func(name, got string) {
		for _, secret := range []string{"10.11.12", "allowed_ips", "/home/ada", "pid", "provider", "approver", "comment"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s shows %s: %s", name, secret, got)
			}
		}
	}
	all := map[string]string{"get_policy": `{}`, "list_denials": `{}`, "explain_denial": `{"denial_id":2}`, "await_change": `{"denial_id":2,"wait_seconds":0}`}
	v.denials[0].Reason, v.denials[2].Reason = "", ""
	for name, arguments := range all {
		check(name, s.call(name, arguments))
	}
	v.broken = errBroken
	for name, arguments := range all {
		check(name, s.call(name, arguments))
	}
	if got := s.call("list_denials", `{}`); !strings.Contains(got, `"error":"internal"`) {
		t.Errorf("got %s", got)
	}
}

// TestPages is what browsers send: a page of another origin, one that has its
// own name lead here, and a sandboxed frame (AP14).
func TestPages(t *testing.T) {
	handler := inside.Handler("test", newView(t))
	for _, row := range []struct {
		host, origin string
		want         int
	}{
		{"exeat.local", "", 200},
		{"exeat.local:80", "", 200},
		{"EXEAT.local", "", 200},
		{"exeat.local", "http://exeat.local", 200},
		{"exeat.local", "https://evil.example", 403},
		{"exeat.local", "null", 403},
		{"exeat.local", "http://exeat.local.evil.example", 403},
		{"exeat.local", "https://exeat.local", 403},
		{"evil.example", "", 403},
		{"evil.example", "http://evil.example", 403},
		{"exeat.local.evil.example", "", 403},
		{"exeat.local:8080", "", 403},
		{"198.18.0.1", "", 403},
		{"127.0.0.1", "", 403},
		{"", "", 403},
	} {
		r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`))
		r.Header.Set("Content-Type", "application/json")
		r.Host = row.host
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Code != row.want {
			t.Errorf("host %q, origin %q: got %d, want %d", row.host, row.origin, w.Code, row.want)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("host %q, origin %q: a page may read it", row.host, row.origin)
		}
	}
	big := httptest.NewRequest(http.MethodPost, "http://exeat.local/mcp", strings.NewReader(strings.Repeat("x", 2<<20)))
	big.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, big); w.Code < 400 {
		t.Errorf("2 MiB: got %d", w.Code)
	}
}

// TestNothingToWrite ensures that the endpoint knows no other tool and keeps no
// session that one client could end for another.
func TestNothingToWrite(t *testing.T) {
	e := serve(t, newView(t))
	s := e.open("2025-06-18")
	for _, name := range []string{"approve", "propose_policy_change", "await_approval", "list_sandboxes"} {
		response, err := s.post(t.Context(), "tools/call", `"name":"`+name+`","arguments":{}`, name)
		if err != nil {
			t.Fatal(err)
		}
		if body := readAll(t, response); !strings.Contains(body, `"error"`) {
			t.Errorf("%s: %s", name, body)
		}
	}
	other := e.open("2025-06-18")
	if s.header.Get("Mcp-Session-Id") == other.header.Get("Mcp-Session-Id") {
		t.Error("two clients share a session")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, e.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = other.header
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: got %s", response.Status)
	}
	other.call("list_denials", `{}`)
}

// TestAwaitChange ensures that every waiter hears of the change that allows its
// denial, and of no other.
func TestAwaitChange(t *testing.T) {
	v := newView(t)
	s := serve(t, v).open("2025-11-25")
	const waiters = 100
	answers := make(chan string, waiters)
	for range waiters {
		go func() { answers <- s.call("await_change", `{"denial_id":1,"wait_seconds":50}`) }()
	}
	until(t, "all wait", func() bool { return v.asked() == waiters })
	v.load(t, strings.Replace(readOnly, "/usr/bin/curl", "/usr/bin/wget", 1)) // allows nothing new
	until(t, "all wait again", func() bool { return v.asked() == 2*waiters })
	v.load(t, strings.Replace(readOnly, "read-only,", "full,", 1))
	for range waiters {
		select {
		case got := <-answers:
			if !strings.Contains(got, `"allowed":true,"revision":3`) {
				t.Fatalf("got %s", got)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a waiter heard nothing")
		}
	}
	if got := s.call("explain_denial", `{"denial_id":1}`); !strings.Contains(got, `"allowed_now":true`) {
		t.Errorf("got %s", got)
	}
	if got := s.call("explain_denial", `{"denial_id":2}`); !strings.Contains(got, `"allowed_now":false`) {
		t.Errorf("an address is not opened by its name: %s", got)
	}
}

// TestAwaitAddress ensures that who waits for an address hears of any change,
// and is not told that it is open.
func TestAwaitAddress(t *testing.T) {
	v := newView(t)
	s := serve(t, v).open(modern)
	answer := make(chan string, 1)
	go func() { answer <- s.call("await_change", `{"denial_id":2,"wait_seconds":50}`) }()
	until(t, "it waits", func() bool { return v.asked() == 1 })
	v.load(t, readOnly)
	if got := <-answer; !strings.Contains(got, `"allowed":false`) || !strings.Contains(got, "once more") {
		t.Errorf("got %s", got)
	}
}

// TestGone ensures that nothing waits for a client that has disappeared.
func TestGone(t *testing.T) {
	for _, version := range versions {
		v := newView(t)
		e := serve(t, v)
		s := e.open(version)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := s.post(ctx, "tools/call", `"name":"await_change","arguments":{"denial_id":1,"wait_seconds":50}`, "await_change")
			ended <- err
		}()
		until(t, "it waits", func() bool { return v.asked() == 1 })
		cancel()
		<-ended
		done := make(chan struct{})
		go func() { e.busy.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: something still waits", version)
		}
	}
}

// TestBounded ensures that a sandbox cannot fill the host's memory with requests that do not end.
func TestBounded(t *testing.T) {
	e := serve(t, newView(t))
	for name, row := range map[string]struct {
		body   io.Reader
		status int
	}{
		"long":  {strings.NewReader(strings.Repeat("x", 70<<10)), http.StatusRequestEntityTooLarge},
		"short": {strings.NewReader("x"), http.StatusBadRequest},
	} {
		resp, err := http.Post(e.url, "application/json", row.body)
		if err != nil {
			t.Fatal(name, err)
		}
		resp.Body.Close()
		if resp.StatusCode != row.status {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	var held []io.Closer
	for range 256 {
		body, hold := io.Pipe()
		held = append(held, hold)
		go func() {
			if resp, err := http.Post(e.url, "application/json", body); err == nil {
				resp.Body.Close()
			}
		}()
	}
	until(t, "no place is left", func() bool {
		resp, err := http.Post(e.url, "application/json", strings.NewReader("x"))
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	})
	for _, h := range held {
		h.Close()
	}
}

// TestHostile ensures that a sandbox's own words reach its agent set apart too.
func TestHostile(t *testing.T) {
	v := newView(t)
	for i := range 50 {
		talk := fmt.Sprintf(`/%d-IGNORE-PREVIOUS-%s`, i, strings.Repeat(`\"<`, 300))
		v.denials = append(v.denials, tool.Denial{ID: int64(10 + i), Host: talk, Method: talk, Target: talk, Exe: talk, Code: "authority_mismatch", Reason: talk})
	}
	s := serve(t, v).open("2025-06-18")
	for name, arguments := range map[string]string{"list_denials": `{"limit":100}`, "explain_denial": `{"denial_id":20}`} {
		got := s.call(name, arguments)
		for part := range strings.SplitSeq(got, `"untrusted":{`) {
			if at := strings.Index(part, "}"); strings.Contains(part[at+1:], "PREVIOUS") {
				t.Errorf("%s: %s", name, part[at+1:])
			}
		}
	}
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}
