package proxy

import (
	"net"
	"net/http"
	"time"
)

// Bounds of one HTTP/2 connection (RFC 9113 6.5.2).
const (
	maxStreams    = 128
	maxFieldTable = 4096      // bytes of HPACK's dynamic table, either way
	maxFrame      = 16 << 10  // bytes, as every client may send; the buffer for the longest one is kept
	maxUnread     = 64 << 10  // bytes of a body that nobody has read yet
	maxUnreadAll  = 512 << 10 // of all: a body that is not read must not hold up those of other streams

	// Bytes of an answer that an origin sent and the client does not take. Few streams get what a fast line far away
	// needs; a program that opens many, and reads none, must not have that of each.
	maxUntaken       = 4 << 20
	maxUntakenOfMany = 256 << 10
	manyStreams      = 4
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
		MaxReadFrameSize:          maxFrame,

		MaxReceiveBufferPerConnection: maxUnreadAll,
		MaxReceiveBufferPerStream:     maxUnread,
	}
	return server
}

// serveStream is serveFlow for one stream, unless too many are open in all: each may hold a body, and a connection
// to its origin. As with connections, one that is turned away was not looked at. Nothing but a head is answered, for
// which a client cannot make us wait (RFC 9113 5.2.1). A connection's only stream has a place of its own: else one
// program that takes all places, and lets none go, would keep every other from being served.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	c := connOf(r)
	only := c.streams.served.Add(1) == 1
	defer c.streams.served.Add(-1)
	defer s.served.Add(-1)
	if s.served.Add(1) > int64(s.limits.streams) && !only {
		w.Header()["Content-Type"] = nil
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.serveFlow(w, r)
}

// streamConn is a client's connection that speaks HTTP/2. There is nothing to guard: its frames carry
// lengths, and net/http refuses fields that only HTTP/1 could read differently (RFC 9113 8.2). Its streams are counted.
func (s *Server) streamConn(c net.Conn, f *flow) *clientConn {
	streams := s.unended.connection(func() {
		_ = c.SetDeadline(time.Unix(1, 0))
		s.mu.Lock()
		defer s.mu.Unlock()
		s.warn("a connection of HTTP/2 is ended: too many streams are open", "limit", s.unended.limit)
	})
	return &clientConn{Conn: c, server: s, flow: f, streams: streams, acknowledge: quickAck(f.socket.Conn)}
}

// isHTTP2 reports a request that came as a stream of its own: neither its connection nor its status
// line is ours to end or to word.
func (x *exchange) isHTTP2() bool { return x.r.ProtoMajor == 2 }
