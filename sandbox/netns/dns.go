package netns

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	answerTTL      = 60 // seconds; an address stays with its name for the sandbox's life
	questionTime   = 5 * time.Second
	maxDNSConns    = 64
	maxUDPQuestion = 4096 // bytes; more is cut off and then malformed
	restTime       = 50 * time.Millisecond
)

// ServeUDP answers DNS questions until the socket is closed. Nothing is ever forwarded: what a sandbox
// asks for does not leave the machine, so a name carries nothing out. An error of the socket passes, and must not end
// the sandbox.
func (n *Names) ServeUDP(c net.PacketConn) error {
	buffer := make([]byte, maxUDPQuestion)
	for {
		size, from, err := c.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			time.Sleep(restTime)
			continue
		}
		if reply := n.answer(buffer[:size]); reply != nil {
			_, _ = c.WriteTo(reply, from) // whoever asked is gone
		}
	}
}

// ServeTCP answers DNS questions on l until it is closed, then closes its connections and waits for them. A
// temporary error, such as too many open files, must not end the sandbox: an agent can bring it about.
func (n *Names) ServeTCP(l net.Listener) error {
	var open connections
	defer open.close()
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			time.Sleep(restTime)
			continue
		}
		open.serve(c, n.serveConn)
	}
}

// serveConn answers one connection's questions, each of them prefixed with its length (RFC 1035, 4.2.2).
func (n *Names) serveConn(c net.Conn) {
	for {
		if err := c.SetDeadline(time.Now().Add(questionTime)); err != nil {
			return
		}
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, question); err != nil {
			return
		}
		reply := n.answer(question)
		if reply == nil {
			return
		}
		framed := binary.BigEndian.AppendUint16(nil, uint16(len(reply)))
		if _, err := c.Write(append(framed, reply...)); err != nil {
			return
		}
	}
}

// connections owns the open TCP connections of one listener, at most maxDNSConns.
type connections struct {
	wait sync.WaitGroup
	mu   sync.Mutex
	open map[net.Conn]bool // guarded by mu
}

// serve runs f on c in the background, or closes c when too many are open.
func (o *connections) serve(c net.Conn, f func(net.Conn)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.open) >= maxDNSConns {
		c.Close()
		return
	}
	if o.open == nil {
		o.open = map[net.Conn]bool{}
	}
	o.open[c] = true
	o.wait.Go(func() {
		defer o.drop(c)
		f(c)
	})
}

func (o *connections) drop(c net.Conn) {
	c.Close()
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, c)
}

func (o *connections) close() {
	o.mu.Lock()
	for c := range o.open {
		c.Close()
	}
	o.mu.Unlock()
	o.wait.Wait()
}

// answer returns the reply to one message, or nil where none is due: to noise and to other replies,
// which would otherwise be answered in turn, for ever.
func (n *Names) answer(message []byte) []byte {
	var p dnsmessage.Parser
	asked, err := p.Start(message)
	if err != nil || asked.Response {
		return nil
	}
	reply := dnsmessage.Header{
		ID: asked.ID, OpCode: asked.OpCode, Response: true,
		RecursionDesired: asked.RecursionDesired, RecursionAvailable: true,
	}
	if asked.OpCode != 0 {
		reply.RCode = dnsmessage.RCodeNotImplemented
		return pack(reply, nil, netip.Addr{})
	}
	question, err := p.Question()
	if err != nil || questionCount(message) != 1 {
		reply.RCode = dnsmessage.RCodeFormatError
		return pack(reply, nil, netip.Addr{})
	}
	var a netip.Addr
	a, reply.RCode = n.resolve(question)
	return pack(reply, &question, a)
}

// questionCount is what the header says (RFC 1035, 4.1.1). No more than one question is read: a message of 64 KiB
// can hold 13,104, which are megabytes once parsed.
func questionCount(message []byte) uint16 { return binary.BigEndian.Uint16(message[4:]) }

// resolve answers one question. Only IPv4 addresses exist; for AAAA, HTTPS and all else "no data" makes
// every resolver use the A record, where NXDOMAIN would end the search.
func (n *Names) resolve(q dnsmessage.Question) (netip.Addr, dnsmessage.RCode) {
	if q.Class != dnsmessage.ClassINET {
		return netip.Addr{}, dnsmessage.RCodeRefused
	}
	if q.Type != dnsmessage.TypeA {
		return netip.Addr{}, dnsmessage.RCodeSuccess
	}
	name, ok := canonicalName(q.Name.String())
	if !ok {
		return netip.Addr{}, dnsmessage.RCodeNameError
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761, 6.3
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), dnsmessage.RCodeSuccess
	}
	a, err := n.addr(name)
	if err != nil {
		return netip.Addr{}, dnsmessage.RCodeServerFailure
	}
	return a, dnsmessage.RCodeSuccess
}

// pack builds a reply; nil when it cannot be built, which only a hostile name could cause.
func pack(h dnsmessage.Header, q *dnsmessage.Question, a netip.Addr) []byte {
	m := dnsmessage.Message{Header: h}
	if q != nil {
		m.Questions = []dnsmessage.Question{*q}
	}
	if a.IsValid() {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: answerTTL},
			Body:   &dnsmessage.AResource{A: a.As4()},
		}}
	}
	b, err := m.Pack()
	if err != nil {
		return nil
	}
	return b
}
