package http1_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exeat/proxy/http1"
)

// TestTotalIdle: one who asks ever more origins must not take all descriptors.
func TestTotalIdle(t *testing.T) {
	var open atomic.Int64
	o := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
	o.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		open.Add(map[http.ConnState]int64{http.StateNew: 1, http.StateClosed: -1}[s])
	}
	o.Start()
	defer o.Close()
	c, _ := client(t, nil, func(cfg *http1.Config) {
		cfg.Total = 16
		cfg.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, o.Listener.Addr().String())
		}
	})
	for i := range 100 {
		if _, _, err := get(t, c, fmt.Sprintf("http://h%d.example/", i)); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); open.Load() > 16; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are open", open.Load())
		}
	}
}

// TestEndedIdle: a connection that its origin has ended is let go of, whether or not anybody asks again.
func TestEndedIdle(t *testing.T) {
	ended := make(chan error, 2)
	urls, roots := script(t, func(c net.Conn, r *bufio.Reader) {
		if hears(r) {
			_, _ = io.WriteString(c, hello)
			_ = c.(interface{ CloseWrite() error }).CloseWrite()
			_, err := r.ReadByte()
			ended <- err
		}
	})
	c, _ := client(t, roots, func(cfg *http1.Config) { cfg.Idle = 600 * time.Millisecond })
	for _, url := range urls {
		if _, _, err := get(t, c, url); err != nil {
			t.Fatal(err)
		}
	}
	for range urls {
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("a connection is still open")
		}
	}
}

// TestEarlyRefusal: an origin that has seen enough of a long head answers and hangs up. Its answer counts.
func TestEarlyRefusal(t *testing.T) {
	urls, roots := script(t, func(c net.Conn, r *bufio.Reader) {
		_, _ = r.ReadString('\n')
		_, _ = io.WriteString(c, "HTTP/1.1 431 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
	})
	for scheme, url := range urls {
		c, dials := client(t, roots)
		for range 50 {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			r.Header.Set("X", strings.Repeat("a", 56<<10))
			resp, err := c.RoundTrip(r)
			if err != nil || resp.StatusCode != 431 {
				t.Fatal(scheme, resp, err)
			}
			resp.Body.Close()
		}
		if dials.Load() != 50 {
			t.Errorf("%s: %d connections", scheme, dials.Load())
		}
	}
}

// TestTrailers: they may be as long as net/http's transport lets them be.
func TestTrailers(t *testing.T) {
	long := strings.Repeat("y", 20_000)
	urls, _ := script(t, func(c net.Conn, r *bufio.Reader) {
		if hears(r) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: "+long+"\r\n\r\n")
		}
	})
	c, _ := client(t, nil)
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, urls["http"], nil)
	resp, err := c.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(resp.Body); string(text) != "hello" || err != nil || resp.Trailer.Get("X-T") != long {
		t.Errorf("got %q, %v, a trailer of %d bytes", text, err, len(resp.Trailer.Get("X-T")))
	}
}

// TestLongHead: whatever makes a head too long, that is the reason given.
func TestLongHead(t *testing.T) {
	for name, head := range map[string]string{
		"a line": "X: " + strings.Repeat("y", 100_000), "lines": strings.Repeat("X: y\r\n", 20_000), "hints": strings.Repeat("\r\nHTTP/1.1 103 x\r\n", 9_000),
	} {
		urls, _ := script(t, func(c net.Conn, r *bufio.Reader) {
			hears(r)
			_, _ = io.WriteString(c, "HTTP/1.1 103 OK\r\n"+head)
		})
		c, _ := client(t, nil)
		if _, _, err := get(t, c, urls["http"]); err == nil || !strings.Contains(err.Error(), "too long") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestCloseBesideRead: the connection is given back once.
func TestCloseBesideRead(t *testing.T) {
	both(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 64<<10)) }, func(t *testing.T, url string, roots *x509.CertPool) {
		c, _ := client(t, roots)
		for range 50 {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			resp, err := c.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			var work sync.WaitGroup
			work.Go(func() { _, err = io.Copy(io.Discard, resp.Body) })
			work.Go(func() { resp.Body.Close() })
			work.Wait()
			if err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error(err)
			}
		}
	})
}
