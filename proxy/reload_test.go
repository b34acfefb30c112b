package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"exeat/proxy"
)

const nothing = `version: 1
network_policies:
  other:
    endpoints: [{ host: other.example, port: 443 }]
    binaries: [{ path: /usr/bin/curl }]
`

// spliced opens a connection that echoes.
func (w *world) spliced(door string) net.Conn {
	w.t.Helper()
	c, err := w.open(w.t.Context(), door, "raw.example", 7000)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	w.echoes(c)
	return c
}

func (w *world) echoes(c net.Conn) {
	w.t.Helper()
	b := make([]byte, 4)
	_, _ = io.WriteString(c, "ping")
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "ping" {
		w.t.Fatalf("echo: %q %v", b, err)
	}
}

// A splice that lost its grant is closed at once, one that kept it lives on.
func TestReloadClosesSplices(t *testing.T) {
	for _, door := range doors {
		for name, tt := range map[string]struct {
			policy string
			lives  bool
		}{
			"lost":             {nothing, false},
			"now inspected":    {strings.Replace(basePolicy, "{ host: raw.example, port: 7000 }", "{ host: raw.example, port: 7000, protocol: rest, enforcement: enforce, access: full }", 1), false},
			"unrelated change": {strings.Replace(basePolicy, "plain.example", "plainer.example", 1), true},
		} {
			t.Run(door+"/"+name, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				w.tcp("raw.example", 7000, func(c net.Conn) { _, _ = io.Copy(c, c) })
				c := w.spliced(door)
				w.load(tt.policy)
				if tt.lives {
					w.echoes(c)
					return
				}
				if _, err := c.Read(make([]byte, 1)); err == nil {
					t.Fatal("the splice still talks")
				}
				await(t, "recorded", func() bool { return len(w.sink.all()) == 2 })
				if e := w.sink.all()[1]; e.Verdict != "deny" || e.Revision != 2 || !strings.Contains(e.Reason, "revision 2") {
					t.Errorf("recorded %+v", e)
				}
				await(t, "no grants", func() bool { return w.server.Live() == 0 })
			})
		}
	}
}

// A long answer that lost its grant breaks off, and does not look complete.
func TestReloadClosesAnswers(t *testing.T) {
	for name, lives := range map[string]bool{"lost": false, "kept": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, basePolicy)
			finish := make(chan struct{})
			w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
				fmt.Fprintln(rw, "first")
				_ = http.NewResponseController(rw).Flush()
				select {
				case <-finish:
				case <-r.Context().Done():
					panic(http.ErrAbortHandler) // or this end could still complete what the other has cut
				}
				fmt.Fprintln(rw, "last")
			})
			resp, err := w.client(transparent).Get("https://api.example/events")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			r := bufio.NewReader(resp.Body)
			if line, err := r.ReadString('\n'); line != "first\n" {
				t.Fatalf("got %q %v", line, err)
			}
			if lives {
				w.load(strings.Replace(basePolicy, "plain.example", "plainer.example", 1))
				close(finish)
			} else {
				w.load(nothing)
			}
			rest, err := io.ReadAll(r)
			if (err == nil) != lives || lives != (string(rest) == "last\n") {
				t.Errorf("rest %q, error %v, want alive %t", rest, err, lives)
			}
		})
	}
}

// A request whose answer has not begun is told that it is denied now.
func TestReloadAnswersPending(t *testing.T) {
	w := newWorld(t, basePolicy)
	arrived := make(chan struct{})
	w.origin("api.example", 443, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	go func() {
		<-arrived
		w.load(nothing)
	}()
	resp, err := w.client(transparent).Get("https://api.example/slow")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 403 || resp.Header.Get("X-Exeat-Denial") != "2" {
		t.Errorf("got %s %v %s", resp.Status, resp.Header, body)
	}
}

// The next request on an old connection is judged by the new policy, in both directions.
func TestReloadJudgesTheNextRequest(t *testing.T) {
	w := newWorld(t, nothing)
	w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "ok") })
	c := w.tls(explicit, "api.example", 443, "api.example")
	r := bufio.NewReader(c)
	ask := func(want int) {
		t.Helper()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: api.example\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if resp.StatusCode != want {
			t.Errorf("got %s, want %d", resp.Status, want)
		}
	}
	ask(403)
	w.load(basePolicy)
	ask(200)
	w.load(nothing)
	ask(403)
}

// The sandbox's own endpoint is reached by both doors, judged and recorded by nobody.
func TestInside(t *testing.T) {
	for _, door := range []string{transparent, explicit, "absolute"} {
		w := newWorld(t, nothing, func(c *proxy.Config) {
			c.Inside = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(rw, "inside %s %s", r.Host, r.URL)
			})
		})
		client := w.absolute()
		if door != "absolute" {
			client = w.client(door)
		}
		resp, err := client.Get("http://exeat.local/mcp?x=1")
		if err != nil {
			t.Fatalf("%s: %v", door, err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "inside exeat.local /mcp?x=1" {
			t.Errorf("%s: got %q", door, body)
		}
		if got := w.sink.verdicts(); got != "" {
			t.Errorf("%s: recorded %s", door, got)
		}
		if door == "absolute" {
			continue
		}
		if resp, err = client.Get("https://exeat.local/mcp"); err != nil {
			t.Fatalf("%s: %v", door, err)
		}
		body, _ = io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 403 || !strings.Contains(string(body), "use http://exeat.local") || !strings.Contains(string(body), `"rule_missing": ""`) {
			t.Errorf("%s: by TLS: %s %s", door, resp.Status, body)
		}
	}
}

// A panic ends its request, with an answer, and nothing else.
func TestPanic(t *testing.T) {
	w := newWorld(t, basePolicy, func(c *proxy.Config) { c.Credentials = panicking{} })
	w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "ok") })
	client := w.client(transparent)
	for range 2 {
		resp, err := client.Get("https://api.example/")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 500 || !strings.Contains(string(body), "internal_error") || strings.Contains(string(body), "boom") {
			t.Errorf("got %s %s", resp.Status, body)
		}
	}
}
