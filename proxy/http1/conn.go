package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"time"
)

// errUnanswered means that a connection ended before anything of an answer came.
var errUnanswered = errors.New("the origin ended the connection without an answer")

// conn is a connection to an origin; one request at a time uses it.
type conn struct {
	client *Client
	origin origin
	outer  net.Conn // what HTTP is spoken over
	raw    net.Conn // what is below TLS, or the same
	gate   *gate    // nil without TLS
	socket *socket
	r      *bufio.Reader
	w      *bufio.Writer
	left   int64 // bytes of a head that may still be read
	slow   bool  // the last read ended because its time was over
	since  time.Time
}

// bufferBytes is that of each direction: a head, or a small answer. Larger reads pass the buffer by.
const bufferBytes = 4 << 10

func (c *Client) newConn(outer, raw net.Conn, g *gate, o origin) *conn {
	k := &conn{client: c, origin: o, outer: outer, raw: raw, gate: g, socket: newSocket(raw)}
	k.r, k.w = bufio.NewReaderSize(k, bufferBytes), bufio.NewWriterSize(outer, bufferBytes)
	return k
}

// Read reads from the origin, and no more of a head than may be read.
func (k *conn) Read(p []byte) (int, error) {
	if k.left <= 0 {
		return 0, fmt.Errorf("the head of the origin's answer is longer than %d bytes", k.client.cfg.HeadBytes)
	}
	n, err := k.outer.Read(p[:min(int64(len(p)), k.left)])
	k.left -= int64(n)
	k.slow = errors.Is(err, os.ErrDeadlineExceeded)
	return n, err
}

// exchange sends a request and reads the head of its answer. The connection then belongs to the answer's body.
func (k *conn) exchange(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	_ = k.outer.SetDeadline(time.Now().Add(k.client.cfg.Head))
	// To be closed is the one thing that nothing done here can undo by accident.
	release := context.AfterFunc(ctx, func() { k.raw.Close() })
	resp, err := k.ask(r)
	if err != nil {
		release()
		k.close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	b := &body{ReadCloser: resp.Body, conn: k, ctx: ctx, release: release, last: resp.Close || resp.StatusCode < http.StatusOK}
	if resp.Body == http.NoBody {
		b.finish(nil)
		return resp, nil
	}
	if resp.ContentLength < 0 || resp.ContentLength > int64(k.r.Buffered()) {
		_ = k.outer.SetDeadline(time.Time{}) // a stream may take as long as it likes
	}
	resp.Body = b
	return resp, nil
}

// ask passes over interim answers, as RFC 9110 15.2 has clients do that asked for none.
func (k *conn) ask(r *http.Request) (*http.Response, error) {
	if err := errors.Join(r.Write(k.w), k.w.Flush()); err != nil {
		return nil, unanswered(err)
	}
	k.left = k.client.cfg.HeadBytes
	if _, err := k.r.Peek(1); err != nil {
		return nil, unanswered(err)
	}
	for {
		resp, err := http.ReadResponse(k.r, r)
		if k.slow { // what was read by then is all that ReadResponse speaks of
			return nil, os.ErrDeadlineExceeded
		}
		if err != nil {
			return nil, fmt.Errorf("read the origin's answer: %w", err)
		}
		if resp.StatusCode >= http.StatusOK || resp.StatusCode < http.StatusContinue || resp.StatusCode == http.StatusSwitchingProtocols {
			k.left = math.MaxInt64
			return resp, nil
		}
	}
}

// unanswered tells an origin that left from one that is slow: only the first may be asked again.
func unanswered(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case errors.Is(err, io.EOF):
		return errUnanswered
	}
	return fmt.Errorf("%w: %w", errUnanswered, err)
}

func (k *conn) close() { k.outer.Close() }

// body is an answer's, and gives the connection back at its end.
type body struct {
	io.ReadCloser
	conn    *conn // nil when it was given back
	ctx     context.Context
	release func() bool
	last    bool // the origin ends the connection
}

// Read reads what is left of the answer.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		err = b.finish(err)
	}
	return n, err
}

// Close ends the connection if the answer was not read to its end.
func (b *body) Close() error {
	b.finish(context.Canceled)
	return nil
}

// finish keeps a connection whose answer has ended well for the next request. It returns what the answer ended
// with: a context that was over is why its connection was closed.
func (b *body) finish(err error) error {
	k := b.conn
	if k == nil {
		return err
	}
	b.conn = nil
	whole := err == nil || errors.Is(err, io.EOF)
	if !b.release() || !whole || b.last || k.r.Buffered() > 0 || !k.client.idle.put(k) {
		k.close()
	}
	if !whole && b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	return err
}
