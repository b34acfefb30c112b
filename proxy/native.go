package proxy

import (
	"crypto/tls"
	"net"
	"time"

	"exeat/policy"
	"exeat/proxy/native"
)

// moreOf is what a client said so far, or enough to tell a protocol by where it sends that in pieces.
func moreOf(conn *peeked) []byte {
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	for len(conn.head) < native.Enough && native.Begun(conn.head) && conn.more() == nil {
	}
	return conn.head
}

// listenWithin serves a client that did not say what it speaks in TLS (ALPN): most do, so the others are looked at.
func (s *Server) listenWithin(f *flow, conn *peeked) {
	_ = conn.SetReadDeadline(time.Now().Add(s.limits.header))
	_ = conn.more() // an error comes again
	_ = conn.SetReadDeadline(time.Time{})
	if native.Speaks(conn.head) {
		s.refuseBytes(f, conn, true, nil)
		return
	}
	s.requests.give(s.client(conn, f))
}

// secureNative is TLS for f's client, whatever it speaks within.
func (s *Server) secureNative(f *flow) native.Secure {
	return func(c net.Conn) (net.Conn, error) {
		config, err := s.cfg.CA.Config(f.host)
		if err != nil {
			return nil, err
		}
		config = config.Clone()
		config.NextProtos = nil
		outer := tls.Server(c, config)
		return outer, outer.HandshakeContext(s.ctx)
	}
}

// refuseWithin refuses what a client says in TLS. An answer of HTTP would be garbage to one that speaks something else, and
// the record of a malformed request would hide that a policy can allow it.
func (s *Server) refuseWithin(f *flow, conn *peeked) {
	spoken, err := sniffFor(conn, s.limits.silence)
	if spoken == openingOther {
		s.refuseBytes(f, conn, false, err)
		return
	}
	s.requests.give(s.client(conn, f))
}

// refuseBytes ends a connection that says nothing, or nothing that HTTP could answer: with a reset, unless its client can
// be told why.
func (s *Server) refuseBytes(f *flow, conn *peeked, granted bool, err error) {
	var r *refusal
	switch {
	case !granted:
		r = s.recordUnused(f)
	case err == nil:
		r = s.recordL4(f, policy.CodeProtocol, "the policy inspects this destination, and the client speaks neither TLS nor HTTP")
	}
	if err != nil || r == nil || !native.Refuse(conn, moreOf(conn), native.Reason{Text: r.sentence(), Denied: !r.outside()}, s.secureNative(f)) {
		f.socket.reset()
		return
	}
	linger(conn)
	conn.Close()
}
