package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"exeat/policy"
)

// splice carries an uninspected connection. It returns false if the connection is still the caller's,
// with f.verdict saying what to tell the client.
func (s *Server) splice(f *flow, revision int, admission policy.Admission) bool {
	addresses, err := s.upstream.resolve(s.ctx, f.host, admission.AllowedIPs)
	var forbidden *addressError
	if errors.As(err, &forbidden) {
		f.verdict = addressRefusal(forbidden, admission.Decision, "l4")
		return false
	}
	t := s.newTunnel(f, addresses)
	t.strict = !admission.SkipTLS
	return t.open(revision, admission.Decision, err)
}

// open records the decision, connects unless the lookup failed already, and carries bytes until one
// side ends. It returns false like [Server.splice].
func (t *tunnel) open(revision int, granted policy.Decision, err error) bool {
	s, f := t.server, t.flow
	id, recordErr := s.record(f.event(granted, revision))
	if recordErr != nil {
		f.verdict = unrecorded()
		return false
	}
	f.judged.Store(true)
	began := time.Now()
	if err == nil {
		t.up, err = s.upstream.dial(s.ctx, f.host, f.port, t.addresses)
	}
	if err != nil {
		f.verdict = upstreamRefusal(f, err)
		f.verdict.id = id
		s.cfg.Sink.Complete(id, Ending{Status: f.verdict.status, Duration: time.Since(began), Failed: string(f.verdict.decision.Code)})
		return false
	}
	t.run(revision)
	t.recordCut(began)
	s.cfg.Sink.Complete(id, Ending{BytesIn: t.in.Load(), BytesOut: t.out.Load(), Duration: time.Since(began)})
	return true
}

// tunnel is one spliced connection.
type tunnel struct {
	server    *Server
	flow      *flow
	up        net.Conn
	addresses []netip.Addr // checked when it was dialled
	strict    bool         // a TLS greeting must be readable and name the host
	signed    bool         // granted for the sandbox's life, not by the policy in force
	greeted   atomic.Bool  // with TLS
	again     chan bool    // told once, when the origin speaks or ends: whether it asks for another greeting
	in, out   atomic.Int64
	cut       sync.Once
	revoked   atomic.Pointer[Snapshot] // the policy that ended it
}

func (s *Server) newTunnel(f *flow, addresses []netip.Addr) *tunnel {
	return &tunnel{server: s, flow: f, addresses: addresses, again: make(chan bool, 1)}
}

func (t *tunnel) run(revision int) {
	g := &grant{revision: revision, holds: t.holds, revoke: t.revoke}
	t.server.live.add(g, t.server.cfg.Snapshot)
	defer t.server.live.remove(g)
	defer t.up.Close()
	defer t.flow.conn.Close()
	stop := context.AfterFunc(t.server.ctx, t.reset)
	defer stop()

	var both sync.WaitGroup
	both.Go(t.inward)
	both.Go(t.outward)
	both.Wait()
}

// copy moves bytes until the source ends, then ends the destination's direction. Both are raw sockets
// where that is possible, so that the kernel can splice them.
func (t *tunnel) copy(half net.Conn, dst io.Writer, src io.Reader, count *atomic.Int64) {
	n, err := relay(dst, src)
	count.Add(n)
	if err != nil {
		t.reset()
		return
	}
	_ = closeWrite(half)
}

func (t *tunnel) reset() {
	t.cut.Do(func() {
		(&socket{Conn: t.up, gone: func() {}}).reset()
		t.flow.socket.reset()
	})
}

func (t *tunnel) holds(snapshot Snapshot) bool {
	if t.signed {
		return true
	}
	admission := snapshot.Engine.Connect(t.flow.destination())
	if admission.Decision.Verdict == policy.Denied || admission.Inspect || !t.strict && !admission.SkipTLS {
		return false // without tls: skip the name in the greeting would have been looked at
	}
	return t.server.upstream.checkAddresses(t.flow.host, t.addresses, admission.AllowedIPs) == nil
}

// revoke cuts the tunnel; it is recorded where it ran. Thousands of records, each of them committed, would
// keep the last of thousands of tunnels open for many seconds.
func (t *tunnel) revoke(snapshot Snapshot) {
	t.revoked.Store(&snapshot)
	t.reset()
}
