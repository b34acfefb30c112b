package proxy_test

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// The whole answer is what agents read: a change to it is a change to the interface.
func TestDenialGolden(t *testing.T) {
	for name, request := range map[string]string{
		"denied-l7.txt":        "PUT /repos/o/r/contents/hello.py?token=secret HTTP/1.1\r\nHost: api.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		"denied-malformed.txt": "GET /a%zz HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n",
		"denied-authority.txt": "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
		"denied-bytes.txt":     "GET / HTTP/1.1\r\nHost: api.example\r\nA: b\r\n folded\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, basePolicy)
			answer := w.exchange(transparent, "api.example", 443, request)
			golden(t, name, []byte(withoutDate(answer)))
		})
	}
	t.Run("l4", func(t *testing.T) {
		w := newWorld(t, basePolicy)
		answer := w.exchange(explicit, "evil.example", 443, "GET /x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
		golden(t, "denied-l4.txt", []byte(withoutDate(answer)))
	})
}

func withoutDate(answer string) string {
	var kept strings.Builder
	for line := range strings.Lines(answer) {
		if !strings.HasPrefix(line, "Date: ") {
			kept.WriteString(strings.ReplaceAll(line, "\r\n", "\n"))
		}
	}
	return kept.String()
}

// After a denial the connection is as good as before.
func TestDenialKeepsTheConnection(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "ok") })
	answer := w.exchange(transparent, "api.example", 443,
		"DELETE /x HTTP/1.1\r\nHost: api.example\r\n\r\nGET /y HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 403 denied by exeat: 1\r\n") || !strings.Contains(answer, "HTTP/1.1 200 OK\r\n") {
		t.Errorf("got %s", answer)
	}
}

// A denied upload gets its answer at once, and a client that only looks when it is through gets it too.
func TestDeniedUpload(t *testing.T) {
	const size = 32 << 20
	for _, door := range doors {
		t.Run(door, func(t *testing.T) {
			w := newWorld(t, basePolicy)
			c := w.tls(door, "api.example", 443, "api.example")
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			fmt.Fprintf(c, "POST /no HTTP/1.1\r\nHost: api.example\r\nContent-Length: %d\r\n\r\n", size)
			r := bufio.NewReader(c)
			early, err := http.ReadResponse(r, nil)
			if err != nil || early.StatusCode != 403 {
				t.Fatalf("before the body: %v %v", early, err)
			}
			chunk := bytes.Repeat([]byte("x"), 1<<20)
			for range size >> 20 {
				if _, err := c.Write(chunk); err != nil {
					t.Fatalf("the upload was cut off: %v", err)
				}
			}
			if _, err := io.ReadAll(early.Body); err != nil {
				t.Errorf("read the refusal after the upload: %v", err)
			}
		})
	}
}

// A denied connection that says nothing, or nothing we can answer, is reset and recorded.
func TestDeniedBytes(t *testing.T) {
	for name, send := range map[string]string{
		"silence": "",
		"binary":  "\x00\x01\x02\x03",
		"text":    "hello\r\n",
	} {
		for _, door := range doors {
			t.Run(door+"/"+name, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				c, err := w.open(t.Context(), door, "evil.example", 22)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				_, _ = io.WriteString(c, send)
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("read: %v, want a reset", err)
				}
				want := "deny l4 policy_denied evil.example:22   -\n"
				if got := w.sink.verdicts(); got != want {
					t.Errorf("recorded %q, want %q", got, want)
				}
			})
		}
	}
}

// A client that does not trust the sandbox's authority leaves a record of that.
func TestDistrustIsRecorded(t *testing.T) {
	w := newWorld(t, basePolicy)
	client := w.client(transparent)
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = pool(w.public)
	if resp, err := client.Get("https://api.example/"); err == nil {
		resp.Body.Close()
		t.Fatal("a client that trusts another authority was served")
	}
	await(t, "a record", func() bool { return w.sink.verdicts() != "" })
	if got := w.sink.all()[0]; got.Code != "unsupported_protocol" || !strings.Contains(got.Reason, "TLS handshake") {
		t.Errorf("recorded %s: %s", got.Code, got.Reason)
	}
}

// Nothing is let through that cannot be recorded, and the answer says so.
func TestSinkFails(t *testing.T) {
	for _, method := range []string{"GET", "PUT"} {
		for _, door := range doors {
			t.Run(door+"/"+method, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				w.origin("api.example", 443, func(http.ResponseWriter, *http.Request) { t.Error("the origin was asked") })
				w.sink.setFail(errors.New("disk full"))
				request, _ := http.NewRequestWithContext(t.Context(), method, "https://api.example/x", nil)
				resp, err := w.client(door).Do(request)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != 503 || !bytes.Contains(body, []byte(`"audit_unavailable"`)) {
					t.Errorf("got %s %s", resp.Status, body)
				}
			})
		}
	}
}

// A spliced connection that cannot be recorded is explained like any other refusal.
func TestSinkFailsBeforeASplice(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.tcp("raw.example", 443, func(net.Conn) { t.Error("the origin was dialled") })
	w.sink.setFail(errors.New("disk full"))
	answer := w.exchange(transparent, "raw.example", 443, "GET / HTTP/1.1\r\nHost: raw.example\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 503 ") || !strings.Contains(answer, "audit_unavailable") {
		t.Errorf("got %s", answer)
	}
}
