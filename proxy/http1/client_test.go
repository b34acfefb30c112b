package http1_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exeat/proxy/http1"
)

// client asks over at most two idle connections; dials counts those that it opened.
func client(t *testing.T, roots *x509.CertPool, change ...func(*http1.Config)) (c *http1.Client, dials *atomic.Int64) {
	t.Helper()
	dials = new(atomic.Int64)
	cfg := http1.Config{
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		TLS: &tls.Config{RootCAs: roots}, Handshake: 5 * time.Second,
		Head: 5 * time.Second, HeadBytes: 64 << 10, Idle: time.Minute, PerOrigin: 2, Total: 4,
	}
	for _, f := range change {
		f(&cfg)
	}
	c = http1.New(cfg)
	t.Cleanup(c.CloseIdleConnections)
	return c, dials
}

// get asks and reads the answer; problem is what either ended with.
func get(t *testing.T, c *http1.Client, url string) (status int, text string, problem error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all), err
}

// both runs a test against an origin over plain HTTP and over TLS.
func both(t *testing.T, h http.HandlerFunc, f func(t *testing.T, url string, roots *x509.CertPool)) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{"plain": httptest.NewServer, "tls": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			origin := start(h)
			defer origin.Close()
			roots := x509.NewCertPool()
			if origin.Certificate() != nil {
				roots.AddCert(origin.Certificate())
			}
			f(t, origin.URL, roots)
		})
	}
}

func TestConnectionsAreKept(t *testing.T) {
	both(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/chunks":
			_, _ = io.WriteString(w, "one ")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "two")
		case "/nothing":
			w.WriteHeader(http.StatusNoContent)
		case "/hints":
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "hinted")
		default:
			_, _ = w.Write(make([]byte, 1<<20))
		}
	}, func(t *testing.T, url string, roots *x509.CertPool) {
		c, dials := client(t, roots)
		for path, want := range map[string]string{"/chunks": "one two", "/nothing": "", "/hints": "hinted", "/long": string(make([]byte, 1<<20))} {
			if _, text, err := get(t, c, url+path); text != want || err != nil {
				t.Errorf("%s: got %d bytes, %v", path, len(text), err)
			}
		}
		if dials.Load() != 1 {
			t.Errorf("%d connections for requests one after the other", dials.Load())
		}
	})
}

// A connection that an answer was not read from to its end would give the rest of it to the next request.
func TestHalfReadIsNotKept(t *testing.T) {
	both(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }, func(t *testing.T, url string, roots *x509.CertPool) {
		c, dials := client(t, roots)
		for range 3 {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			resp, err := c.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		if dials.Load() != 3 {
			t.Errorf("%d connections", dials.Load())
		}
	})
}

// Whoever asks may leave before the answer's head or in its body, and learns of nothing but that.
func TestCancel(t *testing.T) {
	both(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "some")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}, func(t *testing.T, url string, roots *x509.CertPool) {
		c, _ := client(t, roots)
		for _, path := range []string{"/head", "/body"} {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
			resp, err := c.RoundTrip(r)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v", path, err)
			}
		}
	})
}

func TestSlowHead(t *testing.T) {
	both(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(t *testing.T, url string, roots *x509.CertPool) {
		c, dials := client(t, roots, func(cfg *http1.Config) { cfg.Head = 50 * time.Millisecond })
		if _, _, err := get(t, c, url); !errors.Is(err, os.ErrDeadlineExceeded) || dials.Load() != 1 {
			t.Errorf("got %v on %d connections", err, dials.Load())
		}
	})
}

// TestMany has connections change hands all the time, some given up half way.
func TestMany(t *testing.T) {
	both(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }, func(t *testing.T, url string, roots *x509.CertPool) {
		c, _ := client(t, roots)
		var work sync.WaitGroup
		for i := range 8 {
			path := "/" + string(rune('a'+i))
			work.Go(func() {
				for n := range 200 {
					ctx, cancel := context.WithCancel(t.Context())
					if n%10 == 9 {
						time.AfterFunc(time.Duration(n)*time.Microsecond, cancel)
					}
					r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
					resp, err := c.RoundTrip(r)
					if err == nil {
						var text []byte
						text, err = io.ReadAll(resp.Body)
						if err == nil && string(text) != path {
							t.Errorf("%s got the answer of %s", path, text)
						}
					}
					if err != nil && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					cancel()
				}
			})
		}
		work.Wait()
	})
}
