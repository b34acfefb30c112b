package proxy

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"exeat/policy"
)

// carry is where both doors meet: it owns f's connection from here on.
func (s *Server) carry(f *flow) {
	if s.isInside(f) {
		f.judged.Store(true) // by nobody: it never leaves the sandbox
		s.inside.give(s.client(f.conn, f))
		return
	}
	switch f.host {
	case hostName:
		s.lend(f)
		return
	case insideName: // no rule leads there
		f.verdict = refuse(http.StatusForbidden, policy.CodeProtocol, insideName+" is the sandbox's own, and speaks HTTP on port 80: use http://"+insideName)
		s.terminate(f, false)
		return
	}
	snapshot := s.cfg.Snapshot()
	admission := snapshot.Engine.Connect(f.destination())
	granted := admission.Decision.Verdict != policy.Denied
	if granted && !admission.Inspect {
		if s.splice(f, snapshot.Revision, admission) {
			return
		}
		granted = false // and f.verdict says why
	}
	s.terminate(f, granted)
}

func (s *Server) client(c net.Conn, f *flow) *clientConn {
	return &clientConn{Conn: c, server: s, flow: f, guard: newGuard(s.limits.headBytes, false)}
}

// terminate makes us the server the client talks to: to judge its requests, or to tell it why there
// will be none.
func (s *Server) terminate(f *flow, granted bool) {
	wait := s.limits.header
	if !granted {
		wait = s.limits.silence
	}
	conn := &peeked{Conn: f.conn}
	spoken, err := sniffFor(conn, wait)
	switch {
	case err != nil || spoken == openingOther:
		s.refuseBytes(f, conn, granted, err)
	case spoken == openingHTTP:
		s.requests.give(s.client(conn, f))
	case spoken == openingHTTP2:
		s.streams.give(s.streamConn(conn, f))
	default:
		s.handshake(f, conn, granted)
	}
}

// opening is the protocol that a connection's first bytes tell.
type opening int

const (
	openingOther opening = iota
	openingHTTP
	openingHTTP2 // without TLS, as clients of gRPC do that were told to
	openingTLS
)

// preface is what a client of HTTP/2 begins with that knows its server (RFC 9113 3.3 and 3.4).
var preface = []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

// recordHandshake is the first byte of every TLS connection (RFC 8446 5.1).
const recordHandshake = 0x16

// sniff looks at a connection's first bytes without consuming them.
func sniff(c *peeked) (opening, error) {
	for {
		if len(c.head) > 0 && c.head[0] == recordHandshake {
			return openingTLS, nil
		}
		i := bytes.IndexFunc(c.head, notInMethod)
		switch {
		case bytes.HasPrefix(c.head, preface):
			return openingHTTP2, nil
		case len(c.head) > 0 && bytes.HasPrefix(preface, c.head): // not all of it
		case i > 0 && (c.head[i] == ' ' || c.head[i] == '\t'):
			return openingHTTP, nil
		case i >= 0 || len(c.head) > 32:
			return openingOther, nil
		}
		if err := c.more(); err != nil {
			return openingOther, err
		}
	}
}

// sniffFor is sniff for as long as a client may keep silent.
func sniffFor(c *peeked, wait time.Duration) (opening, error) {
	_ = c.SetReadDeadline(time.Now().Add(wait))
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	return sniff(c)
}

// notInMethod finds the end of an HTTP method; letters and hyphens are all that registered ones have,
// which tells them from the banners of SSH and its like.
func notInMethod(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-')
}

// handshake finishes the client's TLS handshake with a leaf for the name it asked for, even where
// that name is refused: the refusal can only be read inside.
func (s *Server) handshake(f *flow, conn net.Conn, granted bool) {
	server := tls.Server(conn, &tls.Config{
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) { return s.configFor(f, hello) },
		MinVersion:         tls.VersionTLS12,
	})
	_ = server.SetDeadline(time.Now().Add(s.limits.handshake))
	if err := server.HandshakeContext(s.ctx); err != nil {
		s.refuseHandshake(f, err)
		return
	}
	_ = server.SetDeadline(time.Time{})
	f.secure = true
	switch {
	case server.ConnectionState().NegotiatedProtocol == "h2":
		s.streams.give(s.streamConn(server, f))
	case !granted:
		s.refuseWithin(f, &peeked{Conn: server})
	case len(f.offers) > 0:
		s.requests.give(s.client(server, f))
	default:
		s.listenWithin(f, &peeked{Conn: server})
	}
}

func (s *Server) configFor(f *flow, hello *tls.ClientHelloInfo) (*tls.Config, error) {
	f.offers = hello.SupportedProtos
	name := f.host
	if hello.ServerName != "" {
		var err error
		if name, err = policy.CanonicalHost(hello.ServerName); err != nil {
			return nil, fmt.Errorf("the name in the client's TLS handshake: %w", err)
		}
		f.sni = name
	}
	config, err := s.cfg.CA.Config(name)
	if err == nil && stallsOnHTTP2(f.caller.Exe) {
		config = config.Clone()
		config.NextProtos = []string{"http/1.1"}
	}
	return config, err
}

// stallsOnHTTP2 knows git: of its pushes over HTTP/2, one in some hundred waits for ever, whoever the server is. libcurl
// (7.88.1, of Debian 12) asks for more of a body that has ended, and git then waits for what will never come.
func stallsOnHTTP2(exe string) bool {
	return strings.HasPrefix(path.Base(exe), "git-remote-http")
}

func (s *Server) refuseHandshake(f *flow, err error) {
	defer f.conn.Close()
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, os.ErrDeadlineExceeded) {
		s.recordUnused(f) // it hung up; that is worth a record only where it was denied
		return
	}
	reason := fmt.Sprintf("the client did not finish its TLS handshake with the sandbox's certificate: %v", err)
	if len(f.offers) > 0 && !slices.Contains(f.offers, "http/1.1") && !slices.Contains(f.offers, "h2") {
		reason = fmt.Sprintf("the client offers only %s, which cannot be inspected: use HTTP", strings.Join(f.offers, ", "))
	}
	s.recordL4(f, policy.CodeProtocol, reason)
}
