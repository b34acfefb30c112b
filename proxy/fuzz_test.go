package proxy_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const openPolicy = `version: 1
network_policies:
  open:
    endpoints:
      - { host: plain.example, port: 80, protocol: rest, enforcement: enforce, access: full, allow_encoded_slash: true }
    binaries: [{ path: /usr/bin/curl }]
`

// FuzzRequest sends any bytes to the proxy and compares what the origin behind it parsed with what was
// judged: every request that arrives was judged, in that very form.
func FuzzRequest(f *testing.F) {
	const h = "Host: plain.example\r\n"
	for _, seed := range []string{
		"GET / HTTP/1.1\r\n" + h + "\r\n",
		"GET /a/../b%2fc;d?x=%41&y=%zz HTTP/1.1\r\n" + h + "\r\n",
		"POST /x HTTP/1.1\r\n" + h + "Content-Length: 5\r\n\r\nhello",
		"POST /x HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"POST /x HTTP/1.1\r\n" + h + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n" + h + "\r\n",
		"POST /x HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
		"GET http://plain.example/a?b HTTP/1.1\r\n" + h + "\r\n",
		"GET http://plain.example?b HTTP/1.1\r\n" + h + "\r\n",
		"GET //a//b HTTP/1.1\r\n" + h + "\r\n",
		"GET /?? HTTP/1.1\r\n" + h + "\r\n",
		"GET /{a}|b^c`d\"<e> HTTP/1.1\r\n" + h + "\r\n",
		"HEAD / HTTP/1.0\r\n" + h + "Connection: keep-alive\r\n\r\n",
		"GET / HTTP/1.1\r\n" + h + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
		"GET / HTTP/1.1\nHost: plain.example\n\n",
		"GET / HTTP/1.1\r\n" + h + " folded\r\n\r\n",
		"GET / HTTP/1.1\r\n" + h + "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	w := newFuzzWorld(f)
	// An origin may see a request when its client is long gone: the books are kept over all inputs.
	judged := map[string]int{}
	f.Fuzz(func(t *testing.T, input []byte) {
		w.send(t, input)
		seen := w.take()
		for _, e := range w.sink.take() {
			if e.Verdict == "allow" {
				judged[e.Method+" "+e.Target]++
			}
		}
		for _, got := range seen {
			if judged[got]--; judged[got] < 0 {
				t.Fatalf("the origin was asked %q, which was not judged", got)
			}
		}
	})
}

type fuzzWorld struct {
	*world
	door string
	mu   sync.Mutex
	seen []string
}

func newFuzzWorld(f *testing.F) *fuzzWorld {
	w := &fuzzWorld{world: newWorld(f, openPolicy)}
	w.originWith(nil, "plain.example", 80, func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.seen = append(w.seen, r.Method+" "+r.RequestURI)
		if r.Host != "plain.example" {
			w.seen = append(w.seen, "for "+r.Host)
		}
		w.mu.Unlock()
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(rw, "ok")
	})
	w.door = w.transparent("plain.example", 80)
	return w
}

func (w *fuzzWorld) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = nil
	return seen
}

// send writes the input and then complete requests that close the connection, so that whatever the
// input left open, a body or half a head, comes to an end.
func (w *fuzzWorld) send(t *testing.T, input []byte) {
	c, err := net.Dial("tcp", w.door)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	go func() {
		_, _ = c.Write(input)
		closing := []byte(strings.Repeat("GET /end HTTP/1.1\r\nHost: plain.example\r\nConnection: close\r\n\r\n", 16))
		for range 16 {
			if _, err := c.Write(closing); err != nil {
				return
			}
		}
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(io.Discard, c)
}
