package proxy

import (
	"errors"
	"io"
	"net/http"
)

// reserve takes so many bytes out of what all requests of the sandbox together may have held of bodies until they are over,
// or reports that there are not as many left. What a thousand requests wait for must not become the host's memory.
func (x *exchange) reserve(bytes int64) bool {
	for {
		now := x.server.held.Load()
		if bytes > 0 && now+bytes > x.server.limits.heldBytes {
			return false
		}
		if x.server.held.CompareAndSwap(now, now+bytes) {
			x.held += bytes
			return true
		}
	}
}

// freeHead is how many bytes of a head nobody counts; few programs send as many. headCopies is how often a longer one is
// held until it is answered: as it came, parsed, and as it leaves.
const (
	freeHead   = 8 << 10
	headCopies = 4
)

// holdHead takes a long head out of what there is for bodies.
func (x *exchange) holdHead() *refusal {
	bytes := len(x.r.RequestURI)
	for name, values := range x.r.Header {
		for _, v := range values {
			bytes += len(name) + len(v) + fieldOverhead
		}
	}
	if bytes > freeHead && !x.reserve(headCopies*int64(bytes)) {
		return busy()
	}
	return nil
}

// Take implements websocket.Room.
func (x *exchange) Take(bytes int64) bool { return x.reserve(bytes) }

// Give implements websocket.Room.
func (x *exchange) Give(bytes int64) {
	x.held -= bytes
	x.server.held.Add(-bytes)
}

// letGo gives back what reserve took.
func (x *exchange) letGo() {
	x.server.held.Add(-x.held)
	x.held = 0
}

// forgetHead lets go of what a refused request made us hold, while the rest of it is drained: whoever may do nothing
// must not keep the room of those who may.
func (x *exchange) forgetHead() {
	kept := http.Header{}
	for _, name := range []string{"Expect", "Content-Type", "Connection"} { // of which draining depends, here and in net/http
		if v := x.r.Header[name]; v != nil {
			kept[name] = v
		}
	}
	x.r.Header = kept
	x.letGo()
}

// errBusy is why a body is not read to its end.
var errBusy = errors.New("there is no room left for bodies")

// held is a body that is read to be held: each piece takes from what there is.
type held struct {
	io.Reader
	x *exchange
}

func (h held) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if !h.x.reserve(int64(n)) {
		return n, errBusy
	}
	return n, err
}

func busy() *refusal {
	return refuse(http.StatusServiceUnavailable, codeBusy, "other requests take all the room there is for what has to be held of them")
}
