package proxy_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exeat/proxy/identity"
)

// Real git prints why its push was refused, beside the ref, whatever the size of the push.
func TestRefusedPush(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int
		args []string
	}{
		{"small", 10, nil},
		{"large: git probes first and then sends chunks", 3 << 20, nil},
		{"atomic", 10, []string{"--atomic"}},
		{"without progress", 10, []string{"-q"}},
	} {
		for _, door := range doors {
			t.Run(door+"/"+tt.name, func(t *testing.T) {
				w := newGitWorld(t, door)
				w.commit(t, "more", tt.size)
				out, err := w.run(t, w.clone, append(append([]string{"push"}, tt.args...), "https://git.example/refused.git", "main", "main:other")...)
				if err == nil {
					t.Errorf("git thinks it pushed")
				}
				denials := 0
				var id int
				for i, e := range w.sink.all() {
					if e.Verdict == "deny" {
						denials, id = denials+1, i+1
					}
				}
				if denials != 1 {
					t.Errorf("%d denials recorded, want 1:\n%s", denials, w.sink.verdicts())
				}
				for _, ref := range []string{"main -> main", "main -> other"} {
					want := fmt.Sprintf("! [remote rejected] %s (denied by exeat: %d)", ref, id)
					if !strings.Contains(out, want) {
						t.Errorf("git printed\n%s\nwant %q", out, want)
					}
				}
				if !strings.Contains(out, "remote: exeat: create refs/heads/main, create refs/heads/other (POST /refused.git/git-receive-pack) not permitted by policy") {
					t.Errorf("git printed no reason:\n%s", out)
				}
				if refs, _ := w.run(t, filepath.Join(w.root, "refused.git"), "for-each-ref"); refs != "" {
					t.Errorf("the repository has %s", refs)
				}
			})
		}
	}
}

// A repository that may not be read at all: git shows why, with the way out.
func TestRefusedClone(t *testing.T) {
	for _, door := range doors {
		t.Run(door, func(t *testing.T) {
			w := newGitWorld(t, door)
			w.load(strings.Replace(gitPolicy, `path: "/**" }`, `path: "/refused.git/**" }`, 1))
			out, err := w.run(t, t.TempDir(), "clone", "https://git.example/allowed.git", "x")
			for _, want := range []string{
				"remote: denied by exeat: 1: GET /allowed.git/info/refs not permitted by policy", "remote: Stop retrying", "error: 403",
			} {
				if err == nil || !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
}

// The same client, an allowed repository: the push arrives.
func TestAllowedPush(t *testing.T) {
	for _, size := range []int{10, 3 << 20} {
		w := newGitWorld(t, transparent)
		w.commit(t, "more", size)
		w.git(t, w.clone, "push", "https://git.example/allowed.git", "main")
		head := w.git(t, w.clone, "rev-parse", "HEAD")
		if got := w.git(t, filepath.Join(w.root, "allowed.git"), "rev-parse", "main"); got != head {
			t.Errorf("the repository is at %s, want %s", got, head)
		}
	}
}

// TestGitSpeaksHTTP1: over HTTP/2 one push in some hundred would wait for ever.
func TestGitSpeaksHTTP1(t *testing.T) {
	for caller, want := range map[string]string{gitCaller: "http/1.1", gitCaller + "s": "http/1.1", "/usr/bin/curl": "h2"} {
		w := newWorld(t, gitPolicy)
		w.as(identity.Caller{Exe: caller})
		c := w.tls(transparent, "git.example", 443, "git.example", "h2", "http/1.1")
		if got := c.ConnectionState().NegotiatedProtocol; got != want {
			t.Errorf("%s speaks %s, want %s", caller, got, want)
		}
	}
}

const zero = "0000000000000000000000000000000000000000"

func packet(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }

// Commands that do not come are a push that is refused and recorded, not one that nobody decides.
func TestPushThatDoesNotCome(t *testing.T) {
	for name, client := range map[string]func(*world) *http.Client{
		"http1": func(w *world) *http.Client { return w.client(transparent) },
		"http2": func(w *world) *http.Client { return w.http2Client(transparent) },
	} {
		for _, path := range []string{"/allowed.git", "/refused.git"} {
			w := newWorld(t, agentPolicy)
			w.server.SetBodyTimeout(50 * time.Millisecond)
			body, end := io.Pipe()
			go func() { _, _ = io.WriteString(end, "00") }()
			r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://git.example"+path+"/git-receive-pack", body)
			resp, err := client(w).Do(r)
			end.Close()
			if err != nil {
				t.Fatal(name, path, err)
			}
			resp.Body.Close()
			if events := w.sink.all(); resp.StatusCode != 403 || len(events) != 1 || events[0].Verdict != "deny" {
				t.Errorf("%s %s: %s, recorded %s", name, path, resp.Status, w.sink.verdicts())
			}
		}
	}
}

// Clients that are not git get the ordinary answer; those that compress get git's.
func TestRefusedPushShapes(t *testing.T) {
	id := strings.Repeat("a", 40)
	command := packet(zero+" "+id+" refs/heads/main\x00 report-status side-band-64k agent=x") + "0000"
	var compressed bytes.Buffer
	z := gzip.NewWriter(&compressed)
	_, _ = io.WriteString(z, command+"PACK")
	z.Close()
	for _, tt := range []struct {
		name, body, encoding string
		status               int
		want                 string
	}{
		{"side-band", command + "PACK", "", 200, packet("\x01"+packet("unpack ok\n")+packet("ng refs/heads/main denied by exeat: 1\n")+"0000") + "0000"},
		{"no side-band", packet(zero+" "+id+" refs/heads/x\x00report-status") + "0000", "", 200, packet("unpack ok\n") + packet("ng refs/heads/x denied by exeat: 1\n") + "0000"},
		{"gzip", compressed.String(), "gzip", 200, "ng refs/heads/main denied by exeat: 1"},
		{"signed push", packet("push-cert\x00report-status") + packet("certificate version 0.1\n") + packet(zero+" "+id+" refs/heads/s\n") + packet("push-cert-end\n") + "0000", "", 200, "ng refs/heads/s denied"},
		{"probe", "0000", "", 200, ""},
		{"no body", "", "", 403, `"policy_denied"`},
		{"no report-status", packet(zero+" "+id+" refs/heads/main\x00 agent=x") + "0000", "", 403, `"policy_denied"`},
		{"not pkt-lines", "hello", "", 403, `"policy_denied"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, gitPolicy)
			w.as(identity.Caller{Exe: gitCaller})
			request, _ := http.NewRequestWithContext(t.Context(), "POST", "https://git.example/refused.git/git-receive-pack", strings.NewReader(tt.body))
			if tt.encoding != "" {
				request.Header.Set("Content-Encoding", tt.encoding)
			}
			resp, err := w.client(transparent).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || !strings.HasSuffix(string(body), tt.want) && !strings.Contains(string(body), tt.want) {
				t.Errorf("got %s %q, want %d %q", resp.Status, body, tt.status, tt.want)
			}
		})
	}
}
