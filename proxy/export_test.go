package proxy

import (
	"net"
	"net/netip"
	"time"
)

// NewForTest makes a server whose transparent door asks original, since tests have no netfilter, and
// whose patience with silence is short.
func NewForTest(cfg Config, original func(net.Conn) (netip.AddrPort, error)) *Server {
	l := defaultLimits()
	l.silence = 100 * time.Millisecond
	l.connections = 64
	l.streams = 160
	s := newServer(cfg, l)
	s.original = original
	return s
}

// TestLimits replace those of a server; zero leaves one as it is.
type TestLimits struct {
	Header      time.Duration
	Connections int
}

// NewLimited is NewForTest with other limits.
func NewLimited(cfg Config, original func(net.Conn) (netip.AddrPort, error), t TestLimits) *Server {
	l := defaultLimits()
	if t.Header > 0 {
		l.header = t.Header
	}
	if t.Connections > 0 {
		l.connections = t.Connections
	}
	s := newServer(cfg, l)
	s.original = original
	return s
}

// MaxConnections is maxConnections.
var MaxConnections = maxConnections

// Live is the number of grants under way.
func (s *Server) Live() int {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	return len(s.live.live)
}

// SetResponseHeaderTimeout replaces the patience with origins that do not answer.
func (s *Server) SetResponseHeaderTimeout(d time.Duration) {
	s.upstream.limits.responseHeader = d
}

// HurryLimits makes every patience as short as d.
func (s *Server) HurryLimits(d time.Duration) {
	l := &s.limits
	for _, limit := range []*time.Duration{&l.header, &l.idle, &l.handshake, &l.responseHeader, &l.body, &l.silence, &l.drain} {
		*limit = d
	}
}

// SetBodyTimeout replaces the patience with bodies that have to be judged.
func (s *Server) SetBodyTimeout(d time.Duration) { s.limits.body = d }

// Checker is checkAddresses on one machine that has these interfaces.
func Checker(list func() ([]net.Addr, error)) func(host string, addresses []netip.Addr, allowed ...netip.Prefix) error {
	u := newUpstream(Config{Interfaces: list}, defaultLimits())
	return func(host string, addresses []netip.Addr, allowed ...netip.Prefix) error {
		return u.checkAddresses(host, addresses, allowed)
	}
}

// FrameHeads is what is seen of frames that come in pieces of n bytes: kind, flags and stream.
func FrameHeads(b []byte, n int) (seen [][3]uint32) {
	var f frames
	for len(b) > 0 {
		piece := b[:min(n, len(b))]
		f.feed(piece, func(kind, flags byte, stream uint32) {
			seen = append(seen, [3]uint32{uint32(kind), uint32(flags), stream})
		})
		b = b[len(piece):]
	}
	return seen
}

// ForgetResolutions has every name resolved anew.
func (s *Server) ForgetResolutions() {
	s.upstream.mu.Lock()
	defer s.upstream.mu.Unlock()
	s.upstream.resolved = map[string]resolution{}
}

// Admit takes a connection as accept does, and returns how its handler ends.
func (s *Server) Admit(c net.Conn) (done func(), ok bool) {
	_, ok = s.admit(c)
	return s.work.Done, ok
}
