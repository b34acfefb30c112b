package main

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/elazarl/goproxy"

	"exeat/proxy/ca"
)

// runRelay is the least a proxy can do: it takes a CONNECT and lets the kernel move the bytes. Its
// argument is the origin's address, which it connects to whatever it is asked for.
func runRelay(args []string) error {
	return serveTunnels(func(c net.Conn) { relay(c.(*net.TCPConn), args[0]) }, hello{})
}

// serveTunnels gives every connection to serve, and says where it listens.
func serveTunnels(serve func(net.Conn), said hello) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	said.Address = l.Addr().String()
	return announce(said)
}

// newAuthority makes a certificate authority, and a file in the directory with its certificate.
func newAuthority(name, dir string) (authority *ca.Authority, file string, err error) {
	if authority, err = ca.New(name); err != nil {
		return nil, "", err
	}
	file = filepath.Join(dir, "authority.pem")
	return authority, file, os.WriteFile(file, authority.PEM(), 0o600)
}

func relay(client *net.TCPConn, origin string) {
	defer client.Close()
	if _, err := http.ReadRequest(bufio.NewReader(client)); err != nil {
		return
	}
	up, err := net.Dial("tcp", origin)
	if err != nil {
		return
	}
	defer up.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	var both sync.WaitGroup
	move := func(dst, src *net.TCPConn) {
		_, _ = io.Copy(dst, src)
		_ = dst.CloseWrite()
	}
	both.Go(func() { move(client, up.(*net.TCPConn)) })
	both.Go(func() { move(up.(*net.TCPConn), client) })
	both.Wait()
}

// runGoproxy is goproxy by itself: it terminates TLS, asks nobody, and keeps the certificates it has
// made. Its arguments are the directory for its certificate and the origin's.
func runGoproxy(args []string) error {
	authority, file, err := newAuthority("bench goproxy", args[0])
	if err != nil {
		return err
	}
	said := hello{Roots: file}
	p, err := newGoproxy(authority, args[1])
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	said.Address = l.Addr().String()
	go func() { _ = (&http.Server{Handler: p}).Serve(l) }()
	return announce(said)
}

func newGoproxy(authority *ca.Authority, rootsFile string) (*goproxy.ProxyHttpServer, error) {
	roots, err := readRoots(rootsFile)
	if err != nil {
		return nil, err
	}
	p := goproxy.NewProxyHttpServer()
	p.Logger = log.New(io.Discard, "", 0)
	p.Tr = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 64, DisableCompression: true}
	p.ConnectDial, p.KeepAcceptEncoding = nil, true
	p.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		return &goproxy.ConnectAction{Action: goproxy.ConnectMitm, TLSConfig: leafOf(authority)}, host
	})
	return p, nil
}

func leafOf(authority *ca.Authority) func(string, *goproxy.ProxyCtx) (*tls.Config, error) {
	return func(target string, _ *goproxy.ProxyCtx) (*tls.Config, error) {
		name, _, err := net.SplitHostPort(target)
		if err != nil {
			return nil, err
		}
		config, err := authority.Config(name)
		if err != nil {
			return nil, err
		}
		config = config.Clone()
		config.NextProtos = []string{"http/1.1"} // it would speak that whatever was agreed on
		return config, nil
	}
}
