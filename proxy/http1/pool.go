package http1

import (
	"sync"
	"time"
)

// pool has the connections without work. Those that were used last are used first, so that the others grow old and end.
type pool struct {
	life      time.Duration
	perOrigin int

	mu     sync.Mutex
	idle   map[origin][]*conn // guarded by mu; the newest last
	sweep  *time.Timer        // guarded by mu; nil while nothing is kept
	closed bool               // guarded by mu
}

// take returns a connection that works, as far as can be said before it is used, or nil.
func (p *pool) take(o origin) *conn {
	for {
		k := p.newest(o)
		if k == nil || k.quiet() {
			return k
		}
		k.close()
	}
}

func (p *pool) newest(o origin) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.idle[o]
	if len(list) == 0 {
		return nil
	}
	k := list[len(list)-1]
	list[len(list)-1] = nil
	p.idle[o] = list[:len(list)-1]
	return k
}

// put keeps a connection, unless there are enough.
func (p *pool) put(k *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle[k.origin]) >= p.perOrigin {
		return false
	}
	if p.idle == nil {
		p.idle = map[origin][]*conn{}
	}
	k.since = time.Now()
	p.idle[k.origin] = append(p.idle[k.origin], k)
	if p.sweep == nil {
		p.sweep = time.AfterFunc(p.life, p.expire)
	}
	return true
}

// expire ends what was kept for too long, and comes back while anything is kept.
func (p *pool) expire() {
	for _, k := range p.expired(time.Now().Add(-p.life)) {
		k.close()
	}
}

func (p *pool) expired(limit time.Time) (old []*conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for o, list := range p.idle {
		n := 0
		for n < len(list) && list[n].since.Before(limit) {
			n++
		}
		old = append(old, list[:n]...)
		if p.idle[o] = list[n:]; n == len(list) {
			delete(p.idle, o)
		}
	}
	if p.sweep = nil; len(p.idle) > 0 && !p.closed {
		p.sweep = time.AfterFunc(p.life/2, p.expire)
	}
	return old
}

func (p *pool) close() {
	p.mu.Lock()
	all := p.idle
	if p.idle, p.closed = nil, true; p.sweep != nil {
		p.sweep.Stop()
	}
	p.mu.Unlock()
	for _, list := range all {
		for _, k := range list {
			k.close()
		}
	}
}
