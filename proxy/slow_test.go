package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"exeat/proxy"
)

// Clients that send byte by byte hold nobody else up. A head that does not end in time ends its
// connection; a body may take as long as it likes.
func TestSlowClients(t *testing.T) {
	const each = 50
	w := newLoadWorld(t, proxy.TestLimits{Header: time.Second, Connections: 1000}, 2000)
	door := w.transparent("plain.example", 80)
	head := "GET /ok/1 HTTP/1.1\r\nHost: plain.example\r\n"
	for name, tt := range map[string]struct {
		start string
		ends  bool
	}{
		"request line": {"GET /", true},
		"head":         {head + "X: ", true},
		"second head":  {plainRequest + "GET /", true},
		"body":         {head + "Content-Length: 1000000\r\n\r\n", false},
		"chunk size":   {head + "Transfer-Encoding: chunked\r\n\r\n", false},
		"chunk":        {head + "Transfer-Encoding: chunked\r\n\r\nffff\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var slow sync.WaitGroup
			for range each {
				slow.Go(func() {
					c, err := net.Dial("tcp", door)
					if err != nil {
						t.Error(err)
						return
					}
					defer c.Close()
					if ended := drips(c, tt.start); ended != tt.ends {
						t.Errorf("ended after two seconds: %t", ended)
					}
				})
			}
			for range 20 {
				c, err := net.Dial("tcp", door)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if err := requests(c, plainRequest); err != nil || time.Since(began) > 5*time.Second {
					t.Errorf("another was served after %s: %v", time.Since(began), err)
				}
				c.Close()
			}
			slow.Wait()
		})
	}
}

// drips writes start and then "1" every 20 ms for two seconds. It reports whether the proxy hung up.
func drips(c net.Conn, start string) bool {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, c)
		close(ended)
	}()
	_, _ = io.WriteString(c, start)
	for began := time.Now(); time.Since(began) < 2*time.Second; {
		select {
		case <-ended:
			return true
		case <-time.After(20 * time.Millisecond):
			_, _ = io.WriteString(c, "1")
		}
	}
	return false
}

// Clients that do not read a big answer cost a bounded amount each, and get it whole when they do.
func TestSlowReaders(t *testing.T) {
	const n, each = 50, 256 << 10
	w := newLoadWorld(t, proxy.TestLimits{Connections: 1000}, 1000)
	door := w.transparent("plain.example", 80)
	before := inUse()
	var slow []net.Conn
	for range n {
		c, err := net.Dial("tcp", door)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, strings.Replace(plainRequest, "/x", "/big", 1))
		slow = append(slow, c)
	}
	await(t, "all are being answered", func() bool { return w.server.Live() == n })
	for range 20 {
		c, err := net.Dial("tcp", door)
		if err != nil {
			t.Fatal(err)
		}
		if err := requests(c, plainRequest); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	if grown := inUse() - before; grown > n*each {
		t.Errorf("%d KiB for each slow reader", grown/n>>10)
	}
	for _, c := range slow {
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.Copy(io.Discard, resp.Body); got != bigAnswer+2 || err != nil {
			t.Errorf("read %d bytes, %v", got, err)
		}
	}
}
