package proxy_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
)

// LookupNetIP implements proxy.Resolver.
func (w *world) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lookups++
	if a, ok := w.hosts[host]; ok {
		return a, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (w *world) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	to, ok := w.routes[address]
	w.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("test: nothing plays %s", address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, to)
}

func (w *world) original(c net.Conn) (netip.AddrPort, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.originals[c.LocalAddr().String()]
	if !ok {
		return a, errors.New("test: no original destination")
	}
	return a, nil
}

// address gives host a public-looking address outside.
func (w *world) address(host string) netip.Addr {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a, ok := w.hosts[host]; ok {
		return a[0]
	}
	a := netip.AddrFrom4([4]byte{203, 0, 113, byte(len(w.hosts) + 1)})
	w.hosts[host] = []netip.Addr{a}
	return a
}

func (w *world) route(host string, port int, to string) {
	a := w.address(host)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.routes[net.JoinHostPort(a.String(), strconv.Itoa(port))] = to
}

// origin serves host:port over TLS with a certificate the proxy trusts.
func (w *world) origin(host string, port int, h http.HandlerFunc) *httptest.Server {
	w.t.Helper()
	config, err := w.public.Config(host)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.originWith(config, host, port, h)
}

func (w *world) originWith(config *tls.Config, host string, port int, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = quiet()
	if config != nil {
		s.TLS = config.Clone()
		s.StartTLS()
	} else {
		s.Start()
	}
	w.t.Cleanup(s.Close)
	w.route(host, port, s.Listener.Addr().String())
	return s
}

// tcp serves host:port with bare TCP.
func (w *world) tcp(host string, port int, handle func(net.Conn)) {
	l := listen(w.t)
	w.route(host, port, l.Addr().String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
}
