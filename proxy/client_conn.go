package proxy

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// clientConn is what net/http reads requests from: TLS or plain, with the guard in between. It also
// says two things net/http has no words for: why a request was malformed, and a reason phrase.
type clientConn struct {
	net.Conn
	server *Server
	flow   *flow // nil on the explicit door, where each request names its own destination

	caller *flow // explicit door: a flow of this connection's caller without a destination

	streams     *connStreams // nil for HTTP/1
	acknowledge func()       // at once what was received; with streams only

	guard  *guard // only touched by Read, which net/http never calls twice at once; nil for HTTP/2
	ended  atomic.Pointer[violation]
	closed sync.Once

	answering atomic.Bool // what is written belongs to a handler's answer

	mu     sync.Mutex
	phrase string // guarded by mu: replaces the standard phrase of the next denial's status line
}

// genericHeader is the whole header net/http writes when it could not parse a request. No other answer
// has it: those carry a Date.
const genericHeader = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// answering notes that a handler answers, so that the body of an origin that looks like genericHeader is
// not taken for one: it would be replaced, and recorded as the client's malformed request.
func answering(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		connOf(r).answering.Store(true)
		h(w, r)
	}
}

// answered is called when the whole answer is written, and not before the next request is read.
func answered(c net.Conn, state http.ConnState) {
	if c, ok := c.(*clientConn); ok && state == http.StateIdle {
		c.answering.Store(false)
	}
}

func isGeneric(p []byte) bool {
	i := bytes.Index(p, []byte("\r\n"))
	return i >= 0 && bytes.HasPrefix(p[i:], []byte(genericHeader))
}

func (c *clientConn) Read(p []byte) (int, error) {
	if v := c.ended.Load(); v != nil {
		return 0, v
	}
	n, err := c.Conn.Read(p)
	if c.guard == nil {
		c.streams.read(p[:n])
		if n > longRead {
			c.acknowledge()
		}
		return n, err
	}
	ok, v := c.guard.feed(p[:n])
	if v == nil {
		return n, err
	}
	c.ended.Store(v)
	if ok > 0 {
		return ok, nil // the next Read returns the violation
	}
	return 0, v
}

func (c *clientConn) Write(p []byte) (int, error) {
	if c.guard == nil {
		n, err := c.Conn.Write(p)
		c.streams.wrote(p[:n])
		return n, err
	}
	if !c.answering.Load() && isGeneric(p) {
		c.closed.Do(func() { c.server.refuseMalformed(c, c.violation()) })
		return len(p), nil
	}
	if replaced, ok := c.replacePhrase(p); ok {
		if _, err := c.Conn.Write(replaced); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// longRead is more than the frames have by which a client acknowledges and asks.
const longRead = 1 << 10

// err is the violation that ended this stream, or nil.
func (c *clientConn) err() error {
	if v := c.ended.Load(); v != nil {
		return v
	}
	return nil
}

// claim is the violation that ended this stream, to be answered and recorded by whoever asks first.
func (c *clientConn) claim() *violation {
	v := c.ended.Load()
	if v == nil {
		return nil
	}
	var mine *violation
	c.closed.Do(func() { mine = v })
	return mine
}

// violation is what made net/http give up on a request: the guard's finding, or its own.
func (c *clientConn) violation() *violation {
	if v := c.ended.Load(); v != nil {
		return v
	}
	v := bad("the request cannot be parsed")
	v.Method, v.Target = c.guard.last.method, c.guard.last.target
	return v
}

// setPhrase makes the status line of the answer that follows carry words that programs show to their
// users ("403 Client Error: ... for url"): net/http can only send the standard ones.
func (c *clientConn) setPhrase(status int, phrase string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phrase = fmt.Sprintf(" %d %s\r\n", status, phrase)
}

func (c *clientConn) replacePhrase(p []byte) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	const version = len("HTTP/1.1")
	if c.phrase == "" || len(p) < version+4 || string(p[version:version+4]) != c.phrase[:4] {
		return nil, false
	}
	i := bytes.Index(p, []byte("\r\n"))
	if i < 0 {
		return nil, false
	}
	out := make([]byte, 0, len(p)+len(c.phrase))
	out = append(append(append(out, p[:version]...), c.phrase...), p[i+2:]...)
	c.phrase = ""
	return out, true
}

// Close records what no request has reported by then: a stream that ended in a violation nobody
// answered, or a denied connection on which nothing was asked.
func (c *clientConn) Close() error {
	c.closed.Do(func() {
		v := c.ended.Load()
		switch {
		case v != nil:
			c.server.recordMalformed(c, v)
		case c.flow != nil && !c.flow.judged.Load():
			c.server.recordUnused(c.flow)
		}
	})
	if c.streams != nil {
		c.streams.close()
	}
	return c.Conn.Close()
}

// CloseWrite lets net/http end an answer before it closes.
func (c *clientConn) CloseWrite() error { return closeWrite(c.Conn) }

// where is the flow to blame when no request could be read.
func (c *clientConn) where() *flow {
	if c.flow != nil {
		return c.flow
	}
	return c.caller
}

// oneLine makes text fit for a status line or a header.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	if len(s) > 200 {
		s = s[:200]
	}
	return s
}
