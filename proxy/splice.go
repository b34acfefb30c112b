package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"exeat/policy"
)

// maxHello bounds what is held of a client's TLS greeting; real ones have a few kilobytes.
const maxHello = 16 << 10

// splice carries an uninspected connection. It returns false if the connection is still the caller's,
// with f.verdict saying what to tell the client.
func (s *Server) splice(f *flow, revision int, admission policy.Admission) bool {
	addresses, err := s.upstream.resolve(s.ctx, f.host, admission.AllowedIPs)
	var forbidden *addressError
	if errors.As(err, &forbidden) {
		f.verdict = addressRefusal(forbidden, admission.Decision, "l4")
		return false
	}
	t := &tunnel{server: s, flow: f, addresses: addresses, strict: !admission.SkipTLS}
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
	in, out   atomic.Int64
	cut       sync.Once
	revoked   atomic.Pointer[Snapshot] // the policy that ended it
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
	both.Go(func() { t.copy(t.flow.conn, t.flow.socket.Conn, t.up, &t.in) })
	both.Go(t.outward)
	both.Wait()
}

// outward sends the client's bytes, the first of them only when they are known to be no TLS, or TLS
// for the right name. It waits for them as long as it takes: protocols in which the server speaks
// first work, and a greeting that comes late is looked at like any other.
func (t *tunnel) outward() {
	client := &peeked{Conn: t.flow.conn}
	if err := t.checkGreeting(client); err != nil {
		t.server.recordL4(t.flow, policy.CodeAuthority, err.Error())
		t.reset()
		return
	}
	head := client.head
	if early, ok := t.flow.conn.(*peeked); ok {
		head = append(head, early.head...) // came with the CONNECT and was not needed to decide
	}
	n, err := t.up.Write(head)
	t.out.Add(int64(n))
	if err != nil {
		t.reset()
		return
	}
	t.copy(t.up, t.up, t.flow.socket.Conn, &t.out)
}

// checkGreeting reads until the first bytes are known to be harmless.
func (t *tunnel) checkGreeting(c *peeked) error {
	var g greeting
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	for begun := false; ; begun = len(c.head) > 0 {
		switch b := beginning(c.head); {
		case b == beginsOther:
			return nil
		case b == beginsOdd, len(c.head) > maxHello:
			return t.unreadable()
		case b == beginsHello && g.complete(c.head):
			return t.checkHello(c.head)
		}
		if err := c.more(); err != nil {
			if len(c.head) == 0 {
				return nil // the client ended its side without a word
			}
			return t.unreadable()
		}
		if !begun { // what has begun has to end: it is held in memory
			_ = c.SetReadDeadline(time.Now().Add(t.server.limits.header))
		}
	}
}

func (t *tunnel) checkHello(greeting []byte) error {
	name, complete, err := serverName(greeting)
	switch {
	case errors.Is(err, errHidden) && t.strict:
		return fmt.Errorf("the client's TLS greeting hides the host it asks for (ECH), so that it cannot be known to be %s: "+
			"turn that off in the client, or write the endpoint with tls: skip and without protocol", t.flow.host)
	case err != nil && !errors.Is(err, errHidden), !complete:
		return t.unreadable()
	}
	return t.checkName(name)
}

func (t *tunnel) unreadable() error {
	if !t.strict {
		return nil
	}
	return errors.New("the client's TLS greeting cannot be read")
}

// checkName stops a connection to one host that asks for another host behind the same address.
func (t *tunnel) checkName(name string) error {
	host := t.flow.host
	if name == "" {
		if isLiteral(host) || !t.strict {
			return nil
		}
		return fmt.Errorf("the client's TLS greeting names no host (SNI), so that it cannot be known to be %s: "+
			"tell the client to send it, or write the endpoint with tls: skip and without protocol", host)
	}
	if canonical, err := policy.CanonicalHost(name); err != nil || canonical != host {
		return fmt.Errorf("the client's TLS greeting asks for %q, the connection goes to %s", oneLine(name), host)
	}
	return nil
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
