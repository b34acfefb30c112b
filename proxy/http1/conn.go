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
	socket *socket
	r      *bufio.Reader
	w      *bufio.Writer
	left   int64 // bytes of a head that may still be read
	slow   bool  // the last read ended because its time was over
	spent  bool  // nothing can be sent any more
	since  time.Time
}

// Sizes of the buffers. Larger reads pass the buffer by; trailers have to fit into it.
const (
	readBytes  = 32 << 10
	writeBytes = 4 << 10
)

func (c *Client) newConn(outer, raw net.Conn, o origin) *conn {
	k := &conn{client: c, origin: o, outer: outer, raw: raw, socket: socketOf(raw)}
	k.r, k.w = bufio.NewReaderSize(k, readBytes), bufio.NewWriterSize(outer, writeBytes)
	return k
}

var errHeadTooLong = errors.New("the head of the origin's answer is too long")

// Read reads from the origin, and no more of a head than may be read.
func (k *conn) Read(p []byte) (int, error) {
	if k.left <= 0 {
		return 0, errHeadTooLong
	}
	n, err := k.outer.Read(p[:min(int64(len(p)), k.left)])
	k.left -= int64(n)
	k.slow = errors.Is(err, os.ErrDeadlineExceeded)
	return n, err
}

// close says no goodbye of TLS, which an origin that does not read could hold up.
func (k *conn) close() { k.raw.Close() }

// exchange sends a request and reads the head of its answer. The connection then belongs to the answer's body.
func (k *conn) exchange(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	_ = k.outer.SetDeadline(time.Now().Add(k.client.cfg.Head))
	// To be closed is the one thing that nothing done here can undo by accident.
	release := context.AfterFunc(ctx, k.close)
	resp, err := k.ask(r)
	if err != nil {
		release()
		k.close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	b := &body{ReadCloser: resp.Body, ctx: ctx, release: release, last: resp.Close || k.spent || resp.StatusCode < http.StatusOK}
	b.conn.Store(k)
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
	k.left = k.client.cfg.HeadBytes
	if err := k.send(r); err != nil {
		return nil, err
	}
	if _, err := k.r.Peek(1); err != nil {
		return nil, unanswered(err)
	}
	for {
		resp, err := http.ReadResponse(k.r, r)
		switch { // of what was read by then ReadResponse would say that it is malformed
		case k.slow:
			return nil, os.ErrDeadlineExceeded
		case err != nil && k.left <= 0:
			return nil, errHeadTooLong
		case err != nil:
			return nil, fmt.Errorf("read the origin's answer: %w", err)
		case resp.StatusCode >= http.StatusOK, resp.StatusCode < http.StatusContinue, resp.StatusCode == http.StatusSwitchingProtocols:
			k.left = math.MaxInt64
			return resp, nil
		}
	}
}

// early is how long an answer is waited for that may have come before the request was sent.
const early = time.Second

// send writes a request. An origin may answer its first line and hang up: that is no failure.
func (k *conn) send(r *http.Request) error {
	err := r.Write(k.w)
	if err == nil {
		err = k.w.Flush()
	}
	if _, broke := errors.AsType[*net.OpError](err); !broke || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	_ = k.outer.SetReadDeadline(time.Now().Add(early))
	if _, none := k.r.Peek(1); none != nil {
		return unanswered(err)
	}
	k.spent = true
	return nil
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
