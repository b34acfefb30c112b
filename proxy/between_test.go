package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Git ends its list of capabilities at a NUL: what stands behind one must not hide that push options follow.
func TestPushOptionsBehindNUL(t *testing.T) {
	w := newGitWorld(t, transparent)
	w.load(agentPolicy)
	repo := filepath.Join(w.root, "allowed.git")
	w.git(t, repo, "config", "receive.advertisePushOptions", "true")
	hook := "#!/bin/sh\necho $GIT_PUSH_OPTION_0 >>" + repo + "/seen\n"
	if err := os.WriteFile(filepath.Join(repo, "hooks", "pre-receive"), []byte(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	head := strings.TrimSpace(w.git(t, w.clone, "rev-parse", "HEAD"))
	for _, capabilities := range []string{"report-status push-options", "report-status push-options\x00 x", "report-status\x00 push-options", "\x00push-options"} {
		body := packet(zero+" "+head+" refs/heads/agent/x\x00"+capabilities) + "0000" + packet("merge_request.create") + "0000"
		r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://git.example/allowed.git/git-receive-pack", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-git-receive-pack-request")
		resp, err := w.client(transparent).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		events := w.sink.all()
		if last := events[len(events)-1]; last.Verdict != "deny" {
			t.Errorf("%q: %s, recorded %s", capabilities, resp.Status, w.sink.verdicts())
		}
	}
	if seen, _ := os.ReadFile(repo + "/seen"); len(bytes.TrimSpace(seen)) > 0 {
		t.Errorf("the server saw the option %q", seen)
	}
}

// An empty push is git's question whether it may push. Only for a repository that nothing allows does the answer wait
// for the push itself; whatever else is wrong is recorded and said.
func TestProbeHidesNothing(t *testing.T) {
	w, placeholder := withSecret(t, `version: 1
network_policies:
  api:
    endpoints:
      - { host: ssrf.example, port: 443, protocol: rest, enforcement: enforce, access: full }
      - { host: other.example, port: 443, protocol: rest, enforcement: enforce, access: full, deny_rules: [ { method: "*", path: "/deny/**" } ] }
    binaries: [{ path: /usr/bin/curl }]
`)
	w.origin("other.example", 443, func(http.ResponseWriter, *http.Request) {})
	w.mu.Lock()
	w.hosts["ssrf.example"] = []netip.Addr{netip.MustParseAddr("169.254.169.254")}
	w.mu.Unlock()
	for _, row := range []struct {
		host, path, field string
		status            int
		code              string
	}{
		{"evil.example", "/x", "", 403, "policy_denied"},
		{"ssrf.example", "/x", "", 403, "address_denied"},
		{"other.example", "/x", "Authorization: Bearer " + placeholder + "\r\n", 403, "credential_misuse"},
		{"other.example", "/deny", "", 200, "deny_rule"}, // what follows is refused in git's own words
	} {
		w.sink.take()
		answer := w.exchange(transparent, row.host, 443, "POST "+row.path+"/git-receive-pack HTTP/1.1\r\nHost: "+row.host+
			"\r\nConnection: close\r\n"+row.field+"Content-Length: 4\r\n\r\n0000")
		events := w.sink.all()
		if !strings.HasPrefix(answer, fmt.Sprintf("HTTP/1.1 %d ", row.status)) || len(events) == 0 || string(events[len(events)-1].Code) != row.code {
			t.Errorf("%s%s: %.60q, recorded %q", row.host, row.path, answer, w.sink.verdicts())
		}
	}
}

// Fields that Connection names do not leave, so they must not be judged either; nor do those that CGI takes for others.
func TestFieldsThatDoNotLeave(t *testing.T) {
	w := newWorld(t, `version: 1
network_policies:
  m:
    endpoints:
      - { host: api.example, port: 443, path: /mcp, protocol: mcp, enforcement: enforce, mcp: { versions: ["2025-06-18"] }, rules: [ { allow: { method: "tools/list" } } ] }
      - { host: api.example, port: 443, path: /graphql, protocol: graphql, enforcement: enforce, access: read-only }
      - { host: api.example, port: 443, path: /any, protocol: rest, enforcement: enforce, access: full }
    binaries: [{ path: /usr/bin/curl }]
`)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if strings.Contains(name, "_") {
				t.Errorf("the origin got %s", name)
			}
		}
		fmt.Fprintf(rw, "version=%q type=%q te=%q", r.Header["Mcp-Protocol-Version"], r.Header["Content-Type"], r.Header["Te"])
	})
	const list, query = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, `{"query":"{ a }"}`
	const kind, version = "Content-Type: application/json\r\n", "Mcp-Protocol-Version: 2025-06-18\r\n"
	for _, row := range []struct{ path, fields, body, want string }{
		{"/mcp", kind + version, list, `200 version=["2025-06-18"] type=["application/json"] te=[]`},
		{"/mcp", kind + version + "Connection: Mcp-Protocol-Version\r\n", list, "400"},
		{"/mcp", kind + version + "Connection: close, mcp-protocol-version\r\n", list, "400"},
		{"/mcp", kind + version + "Connection: content-type\r\n", list, "400"},
		{"/graphql", kind + "Connection: Content-Type\r\n", query, "400"},
		{"/any", kind + "Connection: TE, content-type\r\nTE: trailers\r\n", "x", `200 version=[] type=[] te=["trailers"]`},
		{"/any", kind + "Mcp_Protocol-Version: 1\r\nAccept_Encoding: gzip\r\nContent_Length: 7\r\nTransfer_Encoding: chunked\r\n", "x", `200 version=[] type=["application/json"] te=[]`},
	} {
		answer := w.exchange(transparent, "api.example", 443, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s", row.path, row.fields, len(row.body), row.body))
		status, body, _ := strings.Cut(strings.TrimPrefix(answer, "HTTP/1.1 "), "\r\n\r\n")
		if got := status[:3] + " " + body; got != row.want && !(len(row.want) == 3 && strings.HasPrefix(got, row.want)) {
			t.Errorf("%s %q: got %.300s, want %s", row.path, row.fields, got, row.want)
		}
	}
}

// An answer that offers WebSocket is one like any other (RFC 9110 15.5.22).
func TestOfferOfWebSocket(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Connection", "Upgrade")
		rw.Header().Set("Upgrade", "websocket")
		http.Error(rw, "this is a WebSocket endpoint", http.StatusUpgradeRequired)
	})
	for name, client := range map[string]*http.Client{"explicit": w.client(explicit), "transparent": w.client(transparent), "h2": w.http2Client(transparent)} {
		resp, err := client.Get("https://api.example/ok")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusUpgradeRequired || string(body) != "this is a WebSocket endpoint\n" || err != nil {
			t.Errorf("%s: %s %q %v", name, resp.Status, body, err)
		}
	}
}

// Trailers are masked like the header, and lose what the header loses.
func TestTrailersAreCleaned(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Trailer", "X-Seen, X-Exeat-Denial, Alt-Svc")
		_, _ = io.WriteString(rw, "body")
		rw.Header().Set("X-Seen", r.Header.Get("Authorization"))
		rw.Header().Set("X-Exeat-Denial", "7")
		rw.Header().Set("Alt-Svc", `h3=":443"`)
		rw.Header().Set(http.TrailerPrefix+"X-Late", r.Header.Get("Authorization"))
	})
	for name, client := range map[string]*http.Client{"h1": w.client(transparent), "h2": w.http2Client(transparent)} {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://api.example/plain", nil)
		r.Header.Set("Authorization", "Bearer "+placeholder)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(resp.Body)
		resp.Body.Close()
		got := resp.Trailer
		if got.Get("X-Seen") != "Bearer "+placeholder || got.Get("X-Late") != "Bearer "+placeholder || got.Get("X-Exeat-Denial")+got.Get("Alt-Svc") != "" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Our own words about a broken answer do not repeat a secret that it had repeated.
func TestBrokenAnswersAreMasked(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	config, _ := w.public.Config("api.example")
	w.tcp("api.example", 443, func(c net.Conn) {
		s := tls.Server(c, config)
		defer s.Close()
		r, err := http.ReadRequest(bufio.NewReader(s))
		if err == nil {
			fmt.Fprintf(s, r.URL.Query().Get("answer"), r.Header.Get("Authorization"))
		}
	})
	for _, answer := range []string{"Error:%%20%s%%0d%%0a%%0d%%0a", "HTTP/1.1%%20200%%20OK%%0d%%0aauth%%20%s%%0d%%0a%%0d%%0a", "HTTP/1.1%%20200%%20OK%%0d%%0aContent-Length:%%20%s%%0d%%0a%%0d%%0a", "HTTP/1.1%%20200%%20OK%%0d%%0aTransfer-Encoding:%%20%s%%0d%%0a%%0d%%0a"} {
		for _, method := range []string{"GET", "POST"} {
			r, _ := http.NewRequestWithContext(t.Context(), method, "https://api.example/plain?answer="+strings.ReplaceAll(answer, "%%", "%"), nil)
			r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "%s", "%25s")
			r.Header.Set("Authorization", "Bearer "+placeholder)
			resp, err := w.client(transparent).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusBadGateway || bytes.Contains(body, []byte(theSecret)) {
				t.Errorf("%s %s: %s %s", method, answer, resp.Status, body)
			}
			for _, e := range w.sink.all() {
				if strings.Contains(e.Reason, theSecret) {
					t.Errorf("recorded %s", e.Reason)
				}
			}
		}
	}
}

// A host that may keep a secret does not show it to requests without one, nor in pieces.
func TestStoredSecretsAreMasked(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	var stored atomic.Pointer[string]
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if kept := r.URL.Query().Get("title") + r.Header.Get("X-Request-Id") + string(body); kept != "" {
			stored.Store(&kept)
			return
		}
		if r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("Accept-Encoding %q", r.Header.Get("Accept-Encoding"))
		}
		http.ServeContent(rw, r, "x.txt", time.Time{}, strings.NewReader(*stored.Load()))
	})
	for name, row := range map[string]struct{ url, field, body string }{
		"query": {"/plain?title=" + placeholder, "", ""}, "field": {"/plain", placeholder, ""}, "body": {"/fill", "", `{"title":"` + placeholder + `"}`},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://api.example"+row.url, strings.NewReader(row.body))
		r.Header.Set("Content-Type", "application/json")
		if row.field != "" {
			r.Header.Set("X-Request-Id", row.field)
		}
		resp, err := w.client(transparent).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if kept := stored.Load(); kept == nil || !strings.Contains(*kept, theSecret) {
			t.Fatalf("%s: the origin kept %v", name, kept)
		}
		for _, part := range []string{"", "bytes=0-10", "bytes=11-"} {
			r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://api.example/plain", nil)
			if part != "" {
				r.Header.Set("Range", part)
			}
			resp, err := w.client(transparent).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != 200 || !bytes.Contains(got, []byte(placeholder)) || bytes.Contains(got, []byte(theSecret)) {
				t.Errorf("%s, range %q: %s %q", name, part, resp.Status, got)
			}
		}
	}
}

// An answer of many short fields would take megabytes for as long as it lasts.
func TestAnswerOfManyFields(t *testing.T) {
	w := newWorld(t, basePolicy)
	config, _ := w.public.Config("api.example")
	w.tcp("api.example", 443, func(c net.Conn) {
		s := tls.Server(c, config)
		defer s.Close()
		r, err := http.ReadRequest(bufio.NewReader(s))
		if err != nil {
			return
		}
		n := map[string]int{"/ok/few": 900, "/ok/many": 20_000}[r.URL.Path]
		fmt.Fprintf(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n%s\r\n", strings.Repeat("a:\r\n", n))
	})
	for path, want := range map[string]int{"/ok/few": 200, "/ok/many": 502} {
		for _, method := range []string{"GET", "POST"} {
			r, _ := http.NewRequestWithContext(t.Context(), method, "https://api.example"+path, nil)
			resp, err := w.client(transparent).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != want || want == 502 && !strings.Contains(string(body), "20001 header fields, more than 1000") {
				t.Errorf("%s %s: %s %s", method, path, resp.Status, body)
			}
		}
	}
}
