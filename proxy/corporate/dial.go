package corporate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

// Dial opens a tunnel to an address that was resolved and checked before; roots verify a proxy that
// speaks TLS. Where it is not a literal address, nothing is asked. Loopback means this machine, and is
// dialled as it is. An error that is the proxy's is an [*Error].
func (p *Proxy) Dial(ctx context.Context, address string, roots *x509.CertPool) (net.Conn, error) {
	to, err := literal(address)
	if err != nil {
		return nil, err
	}
	if to.Addr().IsLoopback() {
		return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.address())
	if err != nil {
		return nil, &Error{Err: err}
	}
	tunnel, err := p.open(ctx, conn, to, roots)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return tunnel, nil
}

// literal reads an address, of which there is one spelling then.
func literal(address string) (netip.AddrPort, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil || to.Addr().Zone() != "" {
		return to, fmt.Errorf("a tunnel leads to an address that was checked, and %q is none", address)
	}
	return netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), nil
}

// open makes a tunnel of a connection to the proxy before ctx ends.
func (p *Proxy) open(ctx context.Context, raw net.Conn, to netip.AddrPort, roots *x509.CertPool) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	conn := raw
	if p.secure {
		conn = tls.Client(raw, &tls.Config{RootCAs: roots, ServerName: p.host, MinVersion: tls.VersionTLS12})
	}
	status, err := p.ask(conn, to)
	switch {
	case !stop(): // the deadline is set, or is about to be
		return nil, &Error{Err: ctx.Err()}
	case err != nil:
		return nil, &Error{Err: err}
	case status < 200 || status > 299:
		return nil, &Error{Status: status}
	}
	return conn, nil
}

// ask sends the one request and reads the status of the answer.
func (p *Proxy) ask(conn net.Conn, to netip.AddrPort) (status int, err error) {
	request := fmt.Sprintf("CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n", to)
	if p.HasCredentials() {
		request += "Proxy-Authorization: " + p.authorization + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		return 0, err
	}
	status, err = readAnswer(conn)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, errors.New("it closed the connection without an answer")
	}
	return status, err
}
