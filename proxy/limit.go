package proxy

import (
	"time"

	"golang.org/x/sys/unix"
)

// limits are the bounds on what a sandbox, or a slow origin, can make the supervisor hold.
type limits struct {
	header         time.Duration // from the first byte of a request's head to its last
	idle           time.Duration // between two requests of a connection
	dial           time.Duration // all addresses of a name together
	handshake      time.Duration // TLS, on either side
	responseHeader time.Duration // from the request's end to the head of its answer
	dns            time.Duration // one resolution outside
	body           time.Duration // reading a body that has to be judged
	silence        time.Duration // a denied connection that says nothing
	drain          time.Duration // reading what is left of a denied body
	drainBytes     int64
	headBytes      int   // of one request's head
	heldBytes      int64 // of all bodies that are held to be judged or masked, and of all long heads
	connections    int   // accepted and open at once
	streams        int   // of all connections of HTTP/2, served at once; twice as many may be open
}

func defaultLimits() limits {
	return limits{
		header:         10 * time.Second,
		idle:           120 * time.Second,
		dial:           10 * time.Second,
		handshake:      10 * time.Second,
		responseHeader: 300 * time.Second,
		dns:            5 * time.Second,
		body:           30 * time.Second,
		silence:        2 * time.Second,
		drain:          120 * time.Second,
		drainBytes:     1 << 30,
		headBytes:      64 << 10,
		heldBytes:      64 << 20,
		connections:    maxConnections(descriptors()),
		streams:        1024,
	}
}

// maxConnections is how many connections so many descriptors carry: an idle one holds two, one end each,
// and a busy tunnel borrows more for the kernel to splice with.
func maxConnections(descriptors uint64) int { return int(min(8192, descriptors/3)) }

// descriptors is how many this process may have; where that cannot be said, what every system allows.
func descriptors() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return limit.Cur
}
