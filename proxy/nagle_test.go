package proxy_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A client that leaves Nagle's algorithm on, as Python's do, does not wait for delayed acknowledgements at the end of each
// window of HTTP/2: 10 MiB took 4.4 s.
func TestNagle(t *testing.T) {
	w := newWorld(t, turnPolicy)
	w.origin("api.example", 443, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	client := w.http2Client(transparent)
	client.Transport.(*http.Transport).DialTLSContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := w.open(ctx, transparent, "api.example", 443)
		if err != nil {
			return nil, err
		}
		_ = c.(*net.TCPConn).SetNoDelay(false)
		s := tls.Client(c, &tls.Config{RootCAs: w.clientCAs, NextProtos: []string{"h2"}, ServerName: "api.example"})
		return s, s.HandshakeContext(ctx)
	}
	began := time.Now()
	resp, err := client.Post("https://api.example/x", "application/octet-stream", strings.NewReader(strings.Repeat("x", 10<<20)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("10 MiB took %s", took)
	}
}
