package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"exeat/proxy"
	"exeat/proxy/credential"
	"exeat/proxy/identity"
)

// What the supervisor plugs in fits.
var (
	_ proxy.Credentials = (*credential.Injector)(nil)
	_ proxy.Callers     = identity.Table(nil)
)

// HP10: two parsers that disagree on where a request ends. The first request may arrive; what hides in
// it never does, the client reads a 400, and the connection ends.
func TestNothingIsSmuggled(t *testing.T) {
	const hidden = "GET /smuggled HTTP/1.1\r\nHost: api.example\r\n\r\n"
	for name, stream := range map[string]string{
		"CL.TE":               "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"TE.CL":               "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden,
		"two lengths":         "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + hidden,
		"space before colon":  "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden,
		"folded":              "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + hidden,
		"bare LF":             "Content-Length: 0\n\r\n" + hidden,
		"chunk extension":     "Transfer-Encoding: chunked\r\n\r\n1;a=\r\nb\r\n0\r\n\r\n" + hidden,
		"chunk line feed":     "Transfer-Encoding: chunked\r\n\r\n1\nb\r\n0\r\n\r\n" + hidden,
		"long chunk":          "Transfer-Encoding: chunked\r\n\r\n1\r\nbb\r\n0\r\n\r\n" + hidden,
		"bare LF in trailers": "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\nA: b\n\r\n" + hidden,
	} {
		for _, door := range doors {
			t.Run(door+"/"+name, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				var mu sync.Mutex
				w.origin("api.example", 443, func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					mu.Lock()
					defer mu.Unlock()
					if r.URL.Path != "/ok/1" {
						t.Errorf("the origin was asked %s %s", r.Method, r.URL)
					}
				})
				c := w.tls(door, "api.example", 443, "api.example")
				_ = c.SetDeadline(time.Now().Add(5 * time.Second))
				_, _ = io.WriteString(c, "POST /ok/1 HTTP/1.1\r\nHost: api.example\r\n"+stream)
				answer, err := io.ReadAll(c)
				if !strings.HasPrefix(string(answer), "HTTP/1.1 400 denied by exeat: ") || strings.Count(string(answer), "HTTP/1.1 ") != 1 {
					t.Errorf("got %q %v", answer, err)
				}
				if got := w.sink.verdicts(); !strings.Contains(got, "deny l7 malformed_request api.example:443 POST /ok/1 -") || strings.Contains(got, "smuggled") {
					t.Errorf("recorded %s", got)
				}
			})
		}
	}
}
