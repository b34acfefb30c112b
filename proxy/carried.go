package proxy

import (
	"errors"
	"io"
	"sync/atomic"
)

// countedBody counts what passes and tells how it ended. goproxy compares bodies: its fields must be comparable.
type countedBody struct {
	io.ReadCloser
	count  *atomic.Int64
	answer *ticket // whose answer it is; nil for a request's body
}

func (b countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.count.Add(int64(n))
	if err != nil && b.answer != nil {
		b.answer.ended(err)
	}
	return n, err
}

// brokeOff reports that the origin's answer is not whole. One that was revoked on its way is not, even if it ended
// well: an origin that sees us leave may end it.
func (x *exchange) brokeOff(t *ticket) bool {
	return t.truncated.Load() || x.revoked.Load() != nil && !x.ours && !t.whole.Load()
}

// upload is a request's body. The server closes it when the exchange is over, and not the transport
// when it fails: what is unread then has to be drained after the answer.
type upload struct {
	countedBody
	cutShort *atomic.Bool // its client left before its end
}

func (upload) Close() error { return nil }

func (u upload) Read(p []byte) (int, error) {
	n, err := u.countedBody.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !isTimeout(err) {
		u.cutShort.Store(true)
	}
	return n, err
}

// unawaited is an answer's body by HTTP/2. The transport's Close waits for the request's body to be read on, which can
// be a client's that speaks only when it has the end of this answer.
type unawaited struct{ io.ReadCloser }

func (u unawaited) Close() error {
	go u.ReadCloser.Close() // ends with the request's context at the latest
	return nil
}
