package websocket

import (
	"bufio"
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// endWait is how long both sides have to answer a close frame of the relay's: within a second all is over.
	endWait = 500 * time.Millisecond
	// closeWait is how long a side has to answer a close frame of the other side's.
	closeWait = 10 * time.Second
	// bufferSize is that of the relay's own buffers.
	bufferSize = 32 << 10
	// headSize holds the header of a frame and most small ones, for as long as the connection lives.
	headSize = 4 << 10
)

// Relay is one upgraded connection. Its fields are set before Run and End, and not changed afterwards.
type Relay struct {
	Client, Origin io.ReadWriteCloser // closed by Run
	Judge          Judge              // nil: the client's messages pass unread, in frames that are checked all the same
	Outward        Filter             // of the client's messages where nobody judges them, and of its control frames; nil: none
	Inward         Filter             // of the origin's messages and control frames; nil: none
	MaxMessage     int                // bytes of a message that is judged; a larger one ends the connection with 1009
	Room           Room               // for messages that are judged; nil: as much as they need
	In, Out        *atomic.Int64      // bytes written to the client and to the origin, frame headers included; nil: not counted
	Idle           time.Duration      // the connection ends when neither side sent anything for so long; 0: never
	Buffers        *sync.Pool         // of *[]byte, 256 bytes or more each; nil: a pool of this relay's own

	once           sync.Once
	client, origin *side
	ended          sync.Once
	ending         chan struct{}
	verdict        verdict      // written before ending is closed
	closing        atomic.Int32 // close frames of the ends that were found valid
	closed         atomic.Int32 // directions that ended with one
	idle           *time.Timer
}

// Room is what many connections share for messages that are not whole yet: a client that never ends its messages must not
// own the memory of the host.
type Room interface {
	Take(bytes int64) bool // false: there is not as much left
	Give(bytes int64)
}

// verdict is how a connection ends: what each side is told, and what Run returns.
type verdict struct {
	client, origin Close
	cause          error
}

// Run carries frames until both directions have ended, and closes both connections. It returns nil if the ends closed the connection
// between them, an error that wraps a *Close if the relay ended it, and any other error if a side went away.
func (r *Relay) Run(ctx context.Context) error {
	r.once.Do(r.init)
	defer context.AfterFunc(ctx, func() { r.End(away("")) })()
	if r.Idle > 0 {
		r.idle = time.AfterFunc(r.Idle, func() { r.End(away("nothing was sent for " + r.Idle.String())) })
		defer r.idle.Stop()
	}
	var directions sync.WaitGroup
	directions.Go(r.outward().run)
	directions.Go(r.inward().run)
	<-r.ending
	r.finish()
	directions.Wait()
	r.client.cut()
	r.origin.cut()
	return r.verdict.cause
}

// End ends the connection from outside, as when a new policy revokes what allowed it: the client is told the status, the origin that
// the client is going away. Once it has returned, no further frame of either side begins to pass; Run returns within a second. It
// does not wait, may be called from any goroutine at any time, and only the first call counts.
func (r *Relay) End(c Close) {
	r.end(verdict{client: c, origin: away(""), cause: &c})
}

func (r *Relay) isEnding() bool {
	select {
	case <-r.ending:
		return true
	default:
		return false
	}
}

func (r *Relay) end(v verdict) {
	r.once.Do(r.init)
	r.ended.Do(func() {
		r.verdict = v
		close(r.ending)
	})
}

// finish sends a close frame to each side that did not get one, and sees to it that silent sides do not keep the relay.
func (r *Relay) finish() {
	if r.verdict.cause == nil {
		return // the ends have closed the connection between them
	}
	time.AfterFunc(endWait, r.client.cut)
	time.AfterFunc(endWait, r.origin.cut)
	var both sync.WaitGroup
	both.Go(func() { r.client.finish(r.verdict.client) })
	both.Go(func() { r.origin.finish(r.verdict.origin) })
	both.Wait()
}

// halfClosed is called by each direction behind a close frame. The second one ends the connection; the first waits for it.
func (r *Relay) halfClosed() {
	if r.closed.Add(1) == 2 {
		r.end(verdict{})
		return
	}
	select {
	case <-r.ending:
	case <-time.After(closeWait):
		r.End(away("a close frame was not answered"))
	}
}

// init makes what a relay has beside its fields, so that End may come before Run.
func (r *Relay) init() {
	r.ending = make(chan struct{})
	if r.Buffers == nil {
		r.Buffers = &sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}
	}
	r.client = r.side("client", r.Client, r.In)
	r.origin = r.side("server", r.Origin, r.Out)
	r.origin.masks = true
}

func (r *Relay) side(name string, conn io.ReadWriteCloser, count *atomic.Int64) *side {
	if count == nil {
		count = new(atomic.Int64)
	}
	return &side{name: name, conn: conn, count: count, buffers: r.Buffers, ending: r.ending}
}

func (r *Relay) outward() *direction {
	d := &direction{relay: r, from: r.source(r.client), to: r.origin, rules: rules{masked: true}, filter: r.Outward}
	d.data = d.unread()
	if r.Judge != nil {
		d.data = (&inspector{direction: d}).collect
	}
	return d
}

func (r *Relay) inward() *direction {
	d := &direction{relay: r, from: r.source(r.origin), to: r.client, filter: r.Inward}
	d.data = d.unread()
	return d
}

func (r *Relay) source(s *side) *source {
	return &source{name: s.name, in: bufio.NewReaderSize(&watched{s.conn, r.idle, r.Idle}, headSize)}
}

// watched starts the idle time anew whenever bytes come.
type watched struct {
	io.Reader
	idle  *time.Timer // nil: none
	limit time.Duration
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	if n > 0 && w.idle != nil {
		w.idle.Reset(w.limit)
	}
	return n, err
}
