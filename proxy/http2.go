package proxy

import (
	"net"
	"net/http"
)

// Bounds of one HTTP/2 connection (RFC 9113 6.5.2).
const (
	maxStreams    = 128
	maxFieldTable = 4096      // bytes of HPACK's dynamic table, either way
	maxUnread     = 256 << 10 // bytes of bodies that nobody has read yet
)

// http2Server judges the streams of a connection like the requests of HTTP/1, one by one. TLS was
// terminated before, so that to net/http these are connections whose protocol is known without ALPN.
func (s *Server) http2Server(h http.HandlerFunc) *http.Server {
	server := s.httpServer(h)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	server.Protocols = &protocols
	server.MaxHeaderBytes = s.limits.headBytes
	server.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams:      maxStreams,
		MaxEncoderHeaderTableSize: maxFieldTable,
		MaxDecoderHeaderTableSize: maxFieldTable,

		MaxReceiveBufferPerConnection: maxUnread,
		MaxReceiveBufferPerStream:     maxUnread,
	}
	return server
}

// serveStream is serveFlow for one stream, unless too many are open in all: each may hold a body, and a connection
// to its origin. As with connections, one that is turned away was not looked at. Nothing but a head is answered, for
// which a client cannot make us wait (RFC 9113 5.2.1).
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	defer s.served.Add(-1)
	if s.served.Add(1) > int64(s.limits.streams) {
		w.Header()["Content-Type"] = nil
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.serveFlow(w, r)
}

// streamConn is a client's connection that speaks HTTP/2. There is nothing to guard: its frames carry
// lengths, and net/http refuses fields that only HTTP/1 could read differently (RFC 9113 8.2).
func (s *Server) streamConn(c net.Conn, f *flow) *clientConn {
	return &clientConn{Conn: c, server: s, flow: f}
}

// isHTTP2 reports a request that came as a stream of its own: neither its connection nor its status
// line is ours to end or to word.
func (x *exchange) isHTTP2() bool { return x.r.ProtoMajor == 2 }
