package http1

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
)

// body is an answer's, and gives the connection back at its end.
type body struct {
	io.ReadCloser
	conn    atomic.Pointer[conn] // nil when it was given back; Close may come beside Read
	ctx     context.Context
	release func() bool
	last    bool // the connection serves no other request
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
	_ = b.finish(context.Canceled)
	return nil
}

// finish keeps a connection whose answer has ended well for the next request. It returns what the answer ended
// with: a context that was over is why its connection was closed.
func (b *body) finish(err error) error {
	k := b.conn.Swap(nil)
	if k == nil {
		return err
	}
	whole := err == nil || errors.Is(err, io.EOF)
	if !b.release() || !whole || b.last || k.r.Buffered() > 0 || !k.client.idle.put(k) {
		k.close()
	}
	if !whole && b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	return err
}
