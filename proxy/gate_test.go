package proxy_test

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"exeat/proxy"
	"exeat/proxy/corporate"
)

// gate is a corporate proxy on loopback: it asks for a password and knows CONNECT.
type gate struct {
	w      *world
	status int // answers instead; 0: it connects
	mu     sync.Mutex
	asked  []string
}

// behindGate makes a world whose only way out is a gate.
func behindGate(t *testing.T, status int, secure bool) (*world, *gate) {
	t.Helper()
	g := &gate{status: status}
	l := listen(t)
	url := "http://ada:s3cret@" + l.Addr().String()
	g.w = newWorld(t, gatePolicy, func(c *proxy.Config) {
		c.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
			p, err := corporate.Parse(url)
			if err != nil {
				return nil, err
			}
			return p.Dial(ctx, address, c.Roots)
		}
	})
	if secure {
		config, err := g.w.public.Config("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		l, url = tls.NewListener(l, config), "https://ada:s3cret@"+l.Addr().String()
	}
	go g.serve(l)
	return g.w, g
}

func (g *gate) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go g.tunnel(c)
	}
}

func (g *gate) tunnel(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	g.mu.Lock()
	g.asked = append(g.asked, r.Method+" "+r.RequestURI+" "+r.Header.Get("Proxy-Authorization"))
	g.mu.Unlock()
	g.w.mu.Lock()
	to := g.w.routes[r.RequestURI]
	g.w.mu.Unlock()
	up, err := net.Dial("tcp", to)
	if err != nil || g.status != 0 {
		fmt.Fprintf(c, "HTTP/1.1 %03d proxy.corp s3cret\r\n\r\n", cmp.Or(g.status, 502))
		return
	}
	defer up.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(up, in); _ = up.(*net.TCPConn).CloseWrite() })
	both.Go(func() { _, _ = io.Copy(c, up); _ = c.(interface{ CloseWrite() error }).CloseWrite() })
	both.Wait()
}

func (g *gate) take() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.asked
	g.asked = nil
	return all
}
