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
)

// Each piece of a stream arrives before the origin sends the next one, whatever its content type.
func TestStreamsMoveInRealTime(t *testing.T) {
	for name, header := range map[string]string{
		"sse":    "text/event-stream",
		"ndjson": "application/x-ndjson",
		"none":   "",
	} {
		for _, length := range []int{0, 5 * len("event 0\n")} {
			t.Run(fmt.Sprintf("%s/%d", name, length), func(t *testing.T) {
				w := newWorld(t, basePolicy)
				next := make(chan struct{})
				w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
					if header != "" {
						rw.Header().Set("Content-Type", header)
					}
					if length > 0 {
						rw.Header().Set("Content-Length", fmt.Sprint(length))
					}
					for i := range 5 {
						fmt.Fprintf(rw, "event %d\n", i)
						_ = http.NewResponseController(rw).Flush()
						select {
						case <-next:
						case <-r.Context().Done():
							return
						}
					}
				})
				resp, err := w.client(transparent).Get("https://api.example/events")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				lines := bufio.NewReader(resp.Body)
				for i := range 5 {
					line, err := lines.ReadString('\n')
					if want := fmt.Sprintf("event %d\n", i); line != want || err != nil {
						t.Fatalf("got %q %v, want %q", line, err, want)
					}
					next <- struct{}{}
				}
				if rest, err := io.ReadAll(lines); len(rest) != 0 || err != nil {
					t.Errorf("after the last event: %q %v", rest, err)
				}
			})
		}
	}
}

// Answers without a body, and with things after it, reach the client as they are.
func TestAnswerShapes(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/204":
			rw.WriteHeader(204)
		case "/304":
			rw.Header().Set("Etag", `"x"`)
			rw.WriteHeader(304)
		case "/trailers":
			rw.Header().Set("Trailer", "X-Sum")
			_, _ = io.WriteString(rw, "body")
			rw.Header().Set("X-Sum", "42")
		case "/hop":
			rw.Header().Set("Connection", "X-Private")
			rw.Header().Set("X-Private", "1")
			rw.Header().Set("Keep-Alive", "timeout=5")
			rw.Header().Set("Alt-Svc", `h3=":443"`)
			_, _ = io.WriteString(rw, "body")
		default:
			rw.Header().Set("Content-Length", "4")
			rw.Header()["Content-Type"] = nil
			_, _ = io.WriteString(rw, "body")
		}
	})
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
		header       map[string]string // "" means absent
	}{
		{"GET", "/", 200, "body", map[string]string{"Content-Length": "4", "Content-Type": ""}},
		{"HEAD", "/", 200, "", map[string]string{"Content-Length": "4"}},
		{"GET", "/204", 204, "", map[string]string{"Transfer-Encoding": ""}},
		{"GET", "/304", 304, "", map[string]string{"Etag": `"x"`}},
		{"GET", "/trailers", 200, "body", nil},
		{"GET", "/hop", 200, "body", map[string]string{"X-Private": "", "Keep-Alive": "", "Alt-Svc": ""}},
	} {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			request, _ := http.NewRequestWithContext(t.Context(), tt.method, "https://api.example"+tt.path, nil)
			request.Header.Set("TE", "trailers")
			resp, err := w.client(explicit).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || string(body) != tt.body || err != nil {
				t.Errorf("got %d %q %v, want %d %q", resp.StatusCode, body, err, tt.status, tt.body)
			}
			for k, want := range tt.header {
				if got := resp.Header.Get(k); got != want {
					t.Errorf("%s: %q, want %q", k, got, want)
				}
			}
			if tt.path == "/trailers" && resp.Trailer.Get("X-Sum") != "42" {
				t.Errorf("trailers %v", resp.Trailer)
			}
		})
	}
}

// What concerns one hop, or makes servers serve something else than was judged, does not go out.
func TestRequestHeaders(t *testing.T) {
	w := newWorld(t, basePolicy)
	got := make(chan http.Header, 1)
	w.origin("api.example", 443, func(_ http.ResponseWriter, r *http.Request) { got <- r.Header })
	w.exchange(transparent, "api.example", 443, strings.Join([]string{
		"GET / HTTP/1.1", "Host: api.example", "Connection: close, X-Named", "X-Named: 1", "Keep-Alive: 5",
		"Proxy-Authorization: Basic eA==", "Proxy-Connection: keep-alive", "TE: gzip", "X-HTTP-Method-Override: DELETE",
		"X_Http_Method_Override: DELETE", "X-Method-Override: DELETE", "X-Original-URL: /admin", "X-Rewrite-Url: /admin",
		"Accept-Encoding: br", "X-Kept: yes", "", "",
	}, "\r\n"))
	want := http.Header{"Accept-Encoding": {"br"}, "X-Kept": {"yes"}}
	if h := <-got; fmt.Sprint(h) != fmt.Sprint(want) {
		t.Errorf("the origin saw %v, want %v", h, want)
	}
}

// 100 Continue comes from the origin's willingness, and a refusal comes without it.
func TestExpectContinue(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(rw, "got %s", body)
	})
	ask := func(path string) (*bufio.Reader, net.Conn) {
		c := w.tls(transparent, "api.example", 443, "api.example")
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: api.example\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", path)
		return bufio.NewReader(c), c
	}
	r, c := ask("/ok/1")
	if line, _ := r.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("got %q", line)
	}
	_, _ = r.ReadString('\n')
	_, _ = io.WriteString(c, "body")
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(resp.Body); string(body) != "got body" {
		t.Errorf("got %q", body)
	}
	r, _ = ask("/no")
	if line, _ := r.ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 403 ") {
		t.Errorf("denied: got %q", line)
	}
}

// An answer that breaks off upstream must not look complete to the client.
func TestTruncatedAnswer(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, "half of ")
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	})
	resp, err := w.client(transparent).Get("https://api.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("read %q without an error", body)
	}
}

// The record of an allowed request is completed with what became of it.
func TestCompletion(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		rw.WriteHeader(201)
		_, _ = io.WriteString(rw, "0123456789")
	})
	resp, err := w.client(transparent).Post("https://api.example/ok/x", "text/plain", strings.NewReader("abc"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	await(t, "completed", func() bool { _, ok := w.sink.completed(1); return ok })
	if e, _ := w.sink.completed(1); e.Status != 201 || e.BytesIn != 10 || e.BytesOut != 3 || e.Duration <= 0 || e.Failed != "" {
		t.Errorf("completed with %+v", e)
	}
}
