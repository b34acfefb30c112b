package proxy

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// openStreams knows which streams are not over, of all connections, by the frames that pass. Handlers cannot tell: some
// requests have none (net/http answers 400 and 431 by itself), and others are left while their answer still waits for
// a client that gives no window. All this time net/http keeps their heads, and nothing ends the wait.
type openStreams struct {
	limit int

	mu    sync.Mutex
	open  int                       // guarded by mu
	conns map[*connStreams]struct{} // guarded by mu
}

// connStreams are the streams of one connection.
type connStreams struct {
	of  *openStreams
	end func() // the connection

	served atomic.Int32 // streams with a handler

	in, out frames // each is touched by one goroutine at a time: net/http neither reads nor writes twice at once

	last uint32              // guarded by of.mu
	open map[uint32]struct{} // guarded by of.mu; nil when the connection has ended
}

func (o *openStreams) connection(end func()) *connStreams {
	c := &connStreams{of: o, end: end, in: frames{skip: prefaceBytes}, open: map[uint32]struct{}{}}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.conns[c] = struct{}{}
	return c
}

// read notes what the client sent.
func (c *connStreams) read(p []byte) {
	c.in.feed(p, func(kind, _ byte, stream uint32) {
		switch kind {
		case frameHeaders:
			c.of.began(c, stream)
		case frameReset:
			c.of.ended(c, stream)
		}
	})
}

// wrote notes what the client was sent.
func (c *connStreams) wrote(p []byte) {
	c.out.feed(p, func(kind, flags byte, stream uint32) {
		if kind == frameReset || flags&flagEndStream != 0 && (kind == frameData || kind == frameHeaders) {
			c.of.ended(c, stream)
		}
	})
}

func (c *connStreams) close() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.of.forget(c)
}

// began notes a stream, or the trailers of one. Where it is one too many, a connection ends: that with the most streams
// that nobody serves any more, since those that are served have a bound of their own.
func (o *openStreams) began(c *connStreams, stream uint32) {
	if most := o.note(c, stream); most != nil {
		most.end()
	}
}

func (o *openStreams) note(c *connStreams, stream uint32) (most *connStreams) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c.open == nil || stream <= c.last {
		return nil
	}
	c.last = stream
	c.open[stream] = struct{}{}
	o.open++
	if o.open <= o.limit {
		return nil
	}
	most = c
	for other := range o.conns {
		if other.left() > most.left() {
			most = other
		}
	}
	o.forget(most)
	return most
}

// left is how many streams have no handler, and are not over. It needs mu.
func (c *connStreams) left() int { return len(c.open) - int(c.served.Load()) }

func (o *openStreams) ended(c *connStreams, stream uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := c.open[stream]; ok {
		delete(c.open, stream)
		o.open--
	}
}

// forget needs mu.
func (o *openStreams) forget(c *connStreams) {
	o.open -= len(c.open)
	c.open = nil
	delete(o.conns, c)
}

// Of RFC 9113: the length of the connection preface (3.4), and what begins and ends streams (6.1, 6.2, 6.4).
const (
	prefaceBytes  = 24
	frameData     = 0
	frameHeaders  = 1
	frameReset    = 3
	flagEndStream = 1
)

// frames finds the heads of frames in one direction of a connection (RFC 9113 4.1).
type frames struct {
	head [9]byte
	have int // of head
	skip int // bytes to come before the next head
}

func (f *frames) feed(p []byte, see func(kind, flags byte, stream uint32)) {
	for len(p) > 0 {
		if f.skip > 0 {
			n := min(f.skip, len(p))
			f.skip, p = f.skip-n, p[n:]
			continue
		}
		n := copy(f.head[f.have:], p)
		f.have, p = f.have+n, p[n:]
		if f.have == len(f.head) {
			f.have, f.skip = 0, int(binary.BigEndian.Uint32(f.head[:4])>>8)
			see(f.head[3], f.head[4], binary.BigEndian.Uint32(f.head[5:])&(1<<31-1))
		}
	}
}
