package proxy

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// grant is something long-lived that a policy allowed: a splice, or an answer still under way.
type grant struct {
	revision int                 // that allowed it
	holds    func(Snapshot) bool // would it be allowed again?
	revoke   func(Snapshot)      // ends it, and waits for nothing
	secrets  []string            // providers whose secrets it carries
	drop     func(*refusal)      // ends it because one of those is lent no more; set where there are any
	slow     bool                // holds may take milliseconds
}

// registry knows the live grants, so that a new policy can end those it would not give.
type registry struct {
	mu   sync.Mutex
	live map[*grant]struct{} // guarded by mu
}

// add registers g. A policy that changed between g's decision and now is made up for at once.
func (r *registry) add(g *grant, now func() Snapshot) {
	r.mu.Lock()
	if r.live == nil {
		r.live = map[*grant]struct{}{}
	}
	r.live[g] = struct{}{}
	r.mu.Unlock()
	if snapshot := now(); snapshot.Revision != g.revision && !g.holds(snapshot) {
		g.revoke(snapshot)
	}
}

func (r *registry) remove(g *grant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.live, g)
}

// drop ends every grant that carries a provider's secret.
func (r *registry) drop(provider string, why *refusal) {
	for _, g := range r.all() {
		if slices.Contains(g.secrets, provider) {
			g.drop(why)
		}
	}
}

func (r *registry) all() []*grant {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.live))
}

// review ends every grant that the snapshot would not give, unless ctx is over. It has no say about those of a newer
// policy, which may have come while it was on its way here. The slow ones come last: a program that has a thousand of them
// must not keep the others open.
func (r *registry) review(ctx context.Context, snapshot Snapshot) {
	all := r.all()
	for _, slow := range []bool{false, true} {
		for _, g := range all {
			if ctx.Err() != nil {
				return
			}
			if g.slow == slow && g.revision <= snapshot.Revision && !g.holds(snapshot) {
				g.revoke(snapshot)
			}
		}
	}
}
