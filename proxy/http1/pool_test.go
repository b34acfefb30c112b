package http1_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"exeat/proxy/http1"
)

const hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

// script is an origin that hands each connection, with TLS agreed where there is any, to f.
func script(t *testing.T, f func(c net.Conn, r *bufio.Reader)) (urls map[string]string, roots *x509.CertPool) {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	roots = x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	urls = map[string]string{}
	for scheme, wrap := range map[string]func(net.Conn) net.Conn{
		"http":  func(c net.Conn) net.Conn { return c },
		"https": func(c net.Conn) net.Conn { return tls.Server(&corked{Conn: c}, certified.TLS) },
	} {
		urls[scheme] = scheme + "://" + accepting(t, func(c net.Conn) {
			c = wrap(c)
			f(c, bufio.NewReader(c))
		})
	}
	return urls, roots
}

// accepting hands each connection to f until the test ends, and returns where to connect.
func accepting(t *testing.T, f func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(c)
			}()
		}
	}()
	return l.Addr().String()
}

// corked holds what is written while held is set.
type corked struct {
	net.Conn
	held *bytes.Buffer
}

func (c *corked) Write(p []byte) (int, error) {
	if c.held != nil {
		return c.held.Write(p)
	}
	return c.Conn.Write(p)
}

// hears reads the head of one request.
func hears(r *bufio.Reader) bool {
	_, err := http.ReadRequest(r)
	return err == nil
}

// TestIdleConnections: what an origin does to a connection while nobody asks anything must not show in the next answer.
func TestIdleConnections(t *testing.T) {
	rows := map[string]struct {
		does  func(c net.Conn)
		dials int64
	}{
		"stays":                 {func(net.Conn) {}, 1},
		"hangs up":              {func(c net.Conn) { c.Close() }, 2},
		"says more":             {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnever") }, 2},
		"says that it is over":  {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\n\r\n") }, 2},
		"says a part of a line": {func(c net.Conn) { _, _ = io.WriteString(c, "H") }, 2},
	}
	for name, tt := range rows {
		urls, roots := script(t, func(c net.Conn, r *bufio.Reader) {
			for hears(r) {
				_, _ = io.WriteString(c, hello)
				tt.does(c)
			}
		})
		for scheme, url := range urls {
			t.Run(name+"/"+scheme, func(t *testing.T) {
				c, dials := client(t, roots)
				for range 2 {
					if _, text, err := get(t, c, url); text != "hello" || err != nil {
						t.Errorf("got %q, %v", text, err)
					}
					time.Sleep(50 * time.Millisecond) // for it to arrive
				}
				if dials.Load() != tt.dials {
					t.Errorf("%d connections, want %d", dials.Load(), tt.dials)
				}
			})
		}
	}
}

// TestMoreInOneWrite: what comes together with an answer is in the buffer of TLS already, where the socket does not show it.
func TestMoreInOneWrite(t *testing.T) {
	urls, roots := script(t, func(c net.Conn, r *bufio.Reader) {
		for hears(r) {
			out := &corked{Conn: c} // of plain HTTP, or of what is below TLS: two records in one piece
			if secure, ok := c.(*tls.Conn); ok {
				out = secure.NetConn().(*corked)
			} else {
				c = out
			}
			out.held = new(bytes.Buffer)
			_, _ = io.WriteString(c, hello)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnever")
			_, _ = out.Conn.Write(out.held.Bytes())
			out.held = nil
		}
	})
	for scheme, url := range urls {
		t.Run(scheme, func(t *testing.T) {
			c, dials := client(t, roots)
			for range 5 {
				if _, text, err := get(t, c, url); text != "hello" || err != nil {
					t.Errorf("got %q, %v", text, err)
				}
			}
			if dials.Load() != 5 {
				t.Errorf("%d connections", dials.Load())
			}
		})
	}
}

// TestUnanswered: an origin that leaves without a word is asked once more where it has answered before, and no more often.
func TestUnanswered(t *testing.T) {
	var heard atomic.Int64
	urls, _ := script(t, func(c net.Conn, r *bufio.Reader) {
		for hears(r) {
			if heard.Add(1) != 1 {
				return
			}
			_, _ = io.WriteString(c, hello)
		}
	})
	c, dials := client(t, nil)
	_, _, _ = get(t, c, urls["http"])
	if _, _, err := get(t, c, urls["http"]); err == nil || heard.Load() != 3 || dials.Load() != 2 {
		t.Errorf("got %v after %d requests on %d connections", err, heard.Load(), dials.Load())
	}
}

func TestTakes(t *testing.T) {
	get := httptest.NewRequest(http.MethodGet, "http://a.example/", nil)
	upgrade := httptest.NewRequest(http.MethodGet, "http://a.example/", nil)
	upgrade.Header.Set("Upgrade", "websocket")
	body := httptest.NewRequest(http.MethodGet, "http://a.example/", http.NoBody)
	body.Body, body.ContentLength = io.NopCloser(nil), -1
	post := httptest.NewRequest(http.MethodPost, "http://a.example/", nil)
	for r, want := range map[*http.Request]bool{get: true, upgrade: false, body: false, post: false} {
		if http1.Takes(r) != want {
			t.Errorf("%s %v: want %v", r.Method, r.Header, want)
		}
	}
}

// TestIdleEnds: connections that nobody uses are given up, and the newest are used first.
func TestIdleEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := client(t, nil, func(cfg *http1.Config) { cfg.Dial = pipe })
		for range 3 {
			if _, _, err := get(t, c, "http://a.example/"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Second)
		}
		time.Sleep(5 * time.Minute) // a goroutine of the pipe's that still waits would be a deadlock
	})
}

// pipe leads to an origin that says hello until it is left alone.
func pipe(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	go func() {
		for r := bufio.NewReader(far); hears(r); {
			_, _ = io.WriteString(far, hello)
		}
	}()
	return near, nil
}
