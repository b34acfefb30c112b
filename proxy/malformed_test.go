package proxy_test

import (
	"io"
	"strings"
	"testing"
	"time"
)

// What looks like HTTP with a mistake in it may be another protocol: where its program may not go at all, the record says
// that, which a policy can change. Where HTTP may pass, it is the mistake that counts.
func TestMalformedWhereDenied(t *testing.T) {
	for name, row := range map[string]struct{ host, said, want, code string }{
		"memcached":         {"else.example", "get key\r\n", "HTTP/1.1 403 denied by exeat: 1", "policy_denied"},
		"SMTP":              {"else.example", "EHLO me\r\n", "HTTP/1.1 403 denied by exeat: 1", "policy_denied"},
		"a bare line feed":  {"else.example", "GET / HTTP/1.1\n\n", "HTTP/1.1 403 denied by exeat: 1", "policy_denied"},
		"where HTTP passes": {"api.example", "get key\r\n", "HTTP/1.1 400 denied by exeat: 1", "malformed_request"},
	} {
		for _, door := range doors {
			t.Run(name+"/"+door, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				c, err := w.open(t.Context(), door, row.host, 443)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				if _, err := io.WriteString(c, row.said); err != nil {
					t.Fatal(err)
				}
				_ = c.(interface{ CloseWrite() error }).CloseWrite()
				if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), row.want) {
					t.Errorf("heard %q", got)
				}
				events := w.sink.take()
				if len(events) != 1 || events[0].Code != row.code || row.code == "policy_denied" && events[0].Method != "" {
					t.Errorf("recorded %+v", events)
				}
			})
		}
	}
}
