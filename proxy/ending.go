package proxy

import (
	"time"

	"exeat/policy"
)

// ending is the record of what ended this exchange after it had begun, maybe hours ago: at the time of its beginning it
// would stand among what was long read, and nobody who asks for the last minutes would see it.
func (x *exchange) ending(d policy.Decision, status int) Event {
	e := x.event(d, status)
	e.Time = time.Now()
	e.Duration = e.Time.Sub(x.began)
	return e
}

// complete adds to the record of an allowed exchange what it came to. A client that left before there was an answer
// was sent none.
func (x *exchange) complete(t *ticket) {
	e := Ending{Status: x.answer.status, BytesIn: t.in.Load(), BytesOut: t.out.Load(), Duration: time.Since(x.began), Failed: string(x.failing(t))}
	if x.ours && x.fault == codeClientGone {
		e.Status = 0
	}
	x.server.cfg.Sink.Complete(x.id, e)
}

// failing is why the origin's answer did not come, or not whole; "" where it did.
func (x *exchange) failing(t *ticket) policy.Code {
	switch {
	case x.fault != "" || !t.truncated.Load():
		return x.fault
	case x.left():
		return codeClientGone
	}
	return codeUpstreamBroke
}

// left reports that the client hung up: its connection or stream has ended, or its body broke off.
func (x *exchange) left() bool { return x.r.Context().Err() != nil || x.cutShort.Load() }
