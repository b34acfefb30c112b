package http1

import (
	"slices"
	"sync"
	"time"
)

// pool has the connections without work. Those that were used last are used first, so that the others grow old and end.
type pool struct {
	life             time.Duration
	perOrigin, total int

	mu     sync.Mutex
	idle   map[origin][]*conn // guarded by mu; the newest last
	count  int                // guarded by mu: of all
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
	n := len(p.idle[o])
	if n == 0 {
		return nil
	}
	return p.removeLocked(o, n-1)
}

func (p *pool) removeLocked(o origin, i int) *conn {
	list := p.idle[o]
	k := list[i]
	if p.idle[o] = slices.Delete(list, i, i+1); len(list) == 1 {
		delete(p.idle, o)
	}
	p.count--
	return k
}

// put keeps a connection, unless its origin has enough. A sandbox that asks ever more origins must not take all
// descriptors: the oldest connection makes room.
func (p *pool) put(k *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle[k.origin]) >= p.perOrigin {
		return false
	}
	if p.count >= p.total {
		p.oldestLocked().close()
	}
	if p.idle == nil {
		p.idle = map[origin][]*conn{}
	}
	k.since = time.Now()
	p.idle[k.origin] = append(p.idle[k.origin], k)
	p.count++
	if p.sweep == nil {
		p.sweep = time.AfterFunc(p.life/sweeps, p.expire)
	}
	return true
}

func (p *pool) oldestLocked() *conn {
	var found origin
	var oldest time.Time
	for o, list := range p.idle {
		if since := list[0].since; oldest.IsZero() || since.Before(oldest) {
			found, oldest = o, since
		}
	}
	return p.removeLocked(found, 0)
}

// sweeps is how often in its life a connection is looked at: one that its origin has ended holds a descriptor.
const sweeps = 6

// expire ends what was kept for too long or has ended, and comes back while anything is kept.
func (p *pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	limit := time.Now().Add(-p.life)
	for o, list := range p.idle {
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].since.Before(limit) || !list[i].quiet() {
				p.removeLocked(o, i).close()
			}
		}
	}
	if p.sweep = nil; p.count > 0 {
		p.sweep = time.AfterFunc(p.life/sweeps, p.expire)
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.idle {
		for _, k := range list {
			k.close()
		}
	}
	if p.idle, p.count, p.closed = nil, 0, true; p.sweep != nil {
		p.sweep.Stop()
	}
}
