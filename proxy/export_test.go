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
	s := newServer(cfg, l)
	s.original = original
	return s
}

// Live is the number of grants under way.
func (s *Server) Live() int {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	return len(s.live.live)
}

// SetResponseHeaderTimeout replaces the patience with origins that do not answer.
func (s *Server) SetResponseHeaderTimeout(d time.Duration) {
	s.upstream.transport.ResponseHeaderTimeout = d
}

// CheckAddresses is checkAddresses.
var CheckAddresses = checkAddresses
