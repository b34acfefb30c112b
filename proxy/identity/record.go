package identity

import (
	"cmp"
	"sync"
	"time"
)

// maxRecords bounds the table. A record is needed from connect() until the proxy has accepted; a
// sandbox that makes more at once loses its own oldest ones, and those connections are denied.
const maxRecords = 8192

// record is who connected one socket. It exists before connect() goes on.
type record struct {
	ready    chan struct{} // closed when caller is complete
	caller   Caller
	previous *record // who called connect() on the same socket before
}

// records maps socket cookies, which the kernel never uses twice, to who connected them.
type records struct {
	mu       sync.Mutex
	byCookie map[uint64]*record // guarded by mu
	order    []uint64           // guarded by mu; a ring, oldest at next once full
	next     int                // guarded by mu
	limit    int
}

func newRecords(limit int) *records {
	return &records{byCookie: map[uint64]*record{}, limit: limit}
}

// begin enters a record that is not complete yet.
func (r *records) begin(cookie uint64) *record {
	n := &record{ready: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	old, known := r.byCookie[cookie]
	n.previous = old
	r.byCookie[cookie] = n
	if known {
		return n
	}
	if len(r.order) < r.limit {
		r.order = append(r.order, cookie)
		return n
	}
	delete(r.byCookie, r.order[r.next])
	r.order[r.next] = cookie
	r.next = (r.next + 1) % r.limit
	return n
}

// find returns the record of a socket, or nil.
func (r *records) find(cookie uint64) *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byCookie[cookie]
}

// finish completes the record. Of two different programs that called connect() on one socket it
// cannot be told which call the kernel carried out, or which one it will: neither gets the connection.
// The attack stopped is a socket shared by an allowed and another program, both calling at once.
func (r *record) finish(c Caller) {
	if old := r.previous; old != nil {
		<-old.ready
		if !old.caller.same(c) {
			c.Unknown = "two different programs called connect() on this socket"
		}
		c.Tainted = cmp.Or(c.Tainted, old.caller.Tainted)
		r.previous = nil
	}
	r.caller = c
	close(r.ready)
}

// wait returns the caller once it is known, at most after d.
func (r *record) wait(d time.Duration) Caller {
	select {
	case <-r.ready:
		return r.caller
	default:
	}
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-r.ready:
		return r.caller
	case <-late.C:
		return Caller{Unknown: "the executable is still being read"}
	}
}
