package proxy_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
)

// Who speaks something else in TLS is no malformed request: the record says what a policy can allow, and clients of
// Redis hear it.
func TestRefusalWithinTLS(t *testing.T) {
	for name, row := range map[string]struct{ said, want string }{
		"Redis":              {"*1\r\n$4\r\nPING\r\n", "-NOPERM denied by exeat: 1: db.example:6380 not permitted"},
		"another protocol":   {"\x10\x20\x00\x04MQTT", ""},
		"a request all same": {"GET / HTTP/1.1\r\nHost: db.example:6380\r\n\r\n", "HTTP/1.1 403 denied by exeat: 1"},
	} {
		for _, door := range doors {
			t.Run(name+"/"+door, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				c, err := w.open(t.Context(), door, "db.example", 6380)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				client := newWire(c)
				client.secure(func(c net.Conn) *tls.Conn {
					return tls.Client(c, &tls.Config{RootCAs: w.clientCAs, ServerName: "db.example"})
				})
				client.say(row.said)
				if client.err != nil {
					t.Fatal(client.err)
				}
				_ = client.Conn.(*tls.Conn).CloseWrite()
				if got, _ := io.ReadAll(client); !strings.HasPrefix(string(got), row.want) || row.want == "" && len(got) > 0 {
					t.Errorf("heard %q", got)
				}
				if events := w.sink.take(); len(events) != 1 || events[0].Code != "policy_denied" || events[0].Port != 6380 {
					t.Errorf("recorded %+v", events)
				}
			})
		}
	}
}
