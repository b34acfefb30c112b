package http1_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"exeat/proxy/http1"
)

// TestLayers: a corporate proxy may speak TLS, and what the origin says while idle lies below one or two layers of it.
func TestLayers(t *testing.T) {
	outer := httptest.NewTLSServer(nil)
	outer.Close()
	roots := x509.NewCertPool()
	roots.AddCert(outer.Certificate())
	for _, scheme := range []string{"http", "https"} {
		address := accepting(t, func(c net.Conn) { layered(c, outer.TLS, scheme == "https") })
		dials := 0
		c, _ := client(t, roots, func(cfg *http1.Config) {
			cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				dials++
				below, err := new(net.Dialer).DialContext(ctx, network, address)
				return tls.Client(below, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}), err
			}
		})
		for range 3 {
			if status, text, err := get(t, c, scheme+"://"+address); status != 200 || text != "hello" || err != nil {
				t.Errorf("%s: got %d %q, %v", scheme, status, text, err)
			}
			time.Sleep(50 * time.Millisecond) // for what follows to arrive
		}
		if dials != 3 {
			t.Errorf("%s: %d connections", scheme, dials)
		}
	}
}

// layered answers one request of a connection and then says what nobody asked for.
func layered(c net.Conn, config *tls.Config, twice bool) {
	top := tls.Server(c, config)
	if twice {
		top = tls.Server(top, config)
	}
	r := bufio.NewReader(top)
	if hears(r) {
		_, _ = io.WriteString(top, hello)
		_, _ = io.WriteString(top, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
		hears(r)
	}
}
