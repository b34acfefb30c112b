package proxy

import (
	"net"
	"net/http"
)

// Bounds of one HTTP/2 connection (RFC 9113 6.5.2).
const (
	maxStreams    = 128
	maxFieldTable = 4096 // bytes of HPACK's dynamic table, either way
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
	}
	return server
}

// streamConn is a client's connection that speaks HTTP/2. There is nothing to guard: its frames carry
// lengths, and net/http refuses fields that only HTTP/1 could read differently (RFC 9113 8.2).
func (s *Server) streamConn(c net.Conn, f *flow) *clientConn {
	return &clientConn{Conn: c, server: s, flow: f}
}

// isHTTP2 reports a request that came as a stream of its own: neither its connection nor its status
// line is ours to end or to word.
func (x *exchange) isHTTP2() bool { return x.r.ProtoMajor == 2 }
