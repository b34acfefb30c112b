package proxy

import "time"

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
	headBytes      int // of one request's head
	connections    int // open at once
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
		connections:    1024,
	}
}
