package proxy

import (
	"io"
	"net/http"
	"time"
)

// drainUnread sends the answer and reads what the client still has to say, unless it waits for a 100 Continue
// before it says anything. Without that, curl drops an answer when its upload is cut off behind it, by a reset
// of the connection or of the stream.
//
// A call of gRPC goes on until it is answered, and its client expects the end of the stream to be the answer.
func (x *exchange) drainUnread() {
	if x.r.ContentLength == 0 || x.r.Header.Get("Expect") != "" || x.isHTTP2() && x.isGRPC() {
		return
	}
	_ = http.NewResponseController(x.w).Flush()
	limits := x.server.limits
	silence := limits.header
	if x.isHTTP2() {
		silence = limits.silence
	}
	x.discard(unlessSilent{x, time.Now().Add(limits.drain), silence}, silence)
}

// drain reads what is left of the request's body, within bounds, and reports whether that was all.
func (x *exchange) drain() bool {
	return x.discard(x.came, x.server.limits.drain)
}

func (x *exchange) discard(body io.Reader, patience time.Duration) bool {
	controller := http.NewResponseController(x.w)
	_ = controller.SetReadDeadline(time.Now().Add(patience))
	defer func() { _ = controller.SetReadDeadline(time.Time{}) }()
	n, err := io.Copy(io.Discard, io.LimitReader(body, x.server.limits.drainBytes))
	return err == nil && n < x.server.limits.drainBytes
}

// unlessSilent is a request's body that ends in an error when nothing more of it comes: a program that announces bodies and
// sends none must not keep its connections here. In HTTP/2 a client may wait for the end of the answer before it ends its
// own side, and has to wait no longer than a silence.
type unlessSilent struct {
	x       *exchange
	end     time.Time
	silence time.Duration
}

func (u unlessSilent) Read(p []byte) (int, error) {
	deadline := time.Now().Add(u.silence)
	if u.end.Before(deadline) {
		deadline = u.end
	}
	_ = http.NewResponseController(u.x.w).SetReadDeadline(deadline)
	return u.x.came.Read(p)
}
