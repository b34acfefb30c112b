package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

// open makes a connection to host:port from within, through a door.
func (w *world) open(ctx context.Context, door, host string, port int) (net.Conn, error) {
	if door == explicit {
		return w.connect(ctx, net.JoinHostPort(host, strconv.Itoa(port)), "")
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", w.transparent(host, port))
}

// transparent opens a door whose connections were all meant for host:port.
func (w *world) transparent(host string, port int) string {
	a, err := netip.ParseAddr(host)
	l := listen(w.t)
	w.mu.Lock()
	if err != nil {
		a = netip.AddrFrom4([4]byte{198, 18, 1, byte(len(w.names) + 1)})
		w.names[a] = host
	}
	w.originals[l.Addr().String()] = netip.AddrPortFrom(a, uint16(port))
	w.mu.Unlock()
	go w.server.ServeTransparent(l)
	return l.Addr().String()
}

// connect asks the explicit door for a tunnel and sends early together with the question.
func (w *world) connect(ctx context.Context, target, early string) (net.Conn, error) {
	c, err := w.dialExplicit()
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n%s", target, target, early)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"})
	if err != nil {
		c.Close()
		return nil, err
	}
	if resp.StatusCode != 200 {
		defer c.Close()
		body, _ := io.ReadAll(resp.Body)
		return nil, fmt.Errorf("CONNECT answered %s: %s", resp.Status, body)
	}
	return &buffered{Conn: c, r: r}, nil
}

func (w *world) dialExplicit() (net.Conn, error) { return net.Dial("tcp", w.explicit) }

type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.r.Read(p) }
func (b *buffered) CloseWrite() error          { return b.Conn.(*net.TCPConn).CloseWrite() }

// client is an HTTP client inside the sandbox.
func (w *world) client(door string) *http.Client {
	t := &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: w.clientCAs},
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			host, port, _ := net.SplitHostPort(address)
			n, _ := strconv.Atoi(port)
			return w.open(ctx, door, host, n)
		},
	}
	w.t.Cleanup(t.CloseIdleConnections)
	return &http.Client{
		Transport: t, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// absolute is a client that sends absolute-form requests to the explicit door.
func (w *world) absolute() *http.Client {
	t := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: w.explicit}), DisableCompression: true}
	w.t.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t, Timeout: 20 * time.Second}
}

// tls opens a TLS connection to host:port from within.
func (w *world) tls(door, host string, port int, sni string, offers ...string) *tls.Conn {
	w.t.Helper()
	c, err := w.open(w.t.Context(), door, host, port)
	if err != nil {
		w.t.Fatal(err)
	}
	config := &tls.Config{RootCAs: w.clientCAs, ServerName: sni, NextProtos: offers}
	if sni == "" {
		config.InsecureSkipVerify = true // Go sends no name then
	}
	s := tls.Client(c, config)
	w.t.Cleanup(func() { s.Close() })
	if err := s.HandshakeContext(w.t.Context()); err != nil {
		w.t.Fatalf("handshake with %s: %v", host, err)
	}
	return s
}

// exchange sends raw bytes over TLS and returns all that comes back.
func (w *world) exchange(door, host string, port int, request string) string {
	w.t.Helper()
	c := w.tls(door, host, port, host)
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		w.t.Fatal(err)
	}
	answer, _ := io.ReadAll(c)
	return string(answer)
}
