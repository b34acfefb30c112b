package proxy

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// grant is something long-lived that a policy allowed: a splice, or an answer still under way.
type grant struct {
	revision int                 // that allowed it
	holds    func(Snapshot) bool // would it be allowed again?
	revoke   func(Snapshot)      // ends it, and waits for nothing
	secrets  []string            // providers whose secrets it carries
	drop     func(*refusal)      // ends it for another reason than a policy; set where there are secrets, or it is slow
	slow     bool                // holds may take milliseconds
	seen     int                 // the newest revision for which review let it live; review's own
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
// policy, which may have come while it was on its way here. The slow ones come last, and those that are left after
// reviewLimit are ended unseen: a program that has a thousand of them must keep neither them nor the others open.
func (r *registry) review(ctx context.Context, snapshot Snapshot) {
	all, limit := r.all(), time.Now().Add(reviewLimit)
	for _, slow := range []bool{false, true} {
		for _, g := range all {
			switch {
			case ctx.Err() != nil:
				return
			case g.slow != slow || g.revision > snapshot.Revision:
			case slow && max(g.revision, g.seen) >= snapshot.Revision: // this very policy let it live
			case slow && time.Now().After(limit):
				g.drop(unseen(snapshot))
			case !g.holds(snapshot):
				g.revoke(snapshot)
			default:
				g.seen = snapshot.Revision
			}
		}
	}
}

// reviewLimit is the longest that a new policy looks at what is live. What lost its grant ends within 100 ms.
const reviewLimit = 80 * time.Millisecond

func unseen(s Snapshot) *refusal {
	r := refuse(http.StatusServiceUnavailable, codeBusy,
		fmt.Sprintf("revision %d came while so many calls were under way that not all could be judged again: this one was cut off", s.Revision))
	r.sent = true // only what was sent out is registered
	return r
}
