// Package pace gives a supervisor's runtime room while there is traffic, and takes it back when there is none.
package pace

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"
)

// How much the heap may grow between two collections, in percent of what is in use (runtime/debug.SetGCPercent). Many
// supervisors wait on one machine, and hold little; one that serves requests would spend a fifth of its time collecting.
const (
	resting = 50
	busy    = 200
)

// When that changes: after so many collections in a second, and after so long without any.
const (
	lively = 4
	calm   = 10 * time.Second
)

// Runner watches how often the collector runs. While it does not run, neither does the Runner.
type Runner struct {
	// Rest gives memory back to the system; it is called at the start and whenever traffic has ended. Nil: nothing is done.
	Rest func()
}

// Run returns when ctx ends. It is for a process that serves, and changes settings of all of it.
func (r Runner) Run(ctx context.Context) {
	// The goroutine that commits the record blocks in fsync(2), and keeps its processor until the runtime notices.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	r.set(resting)
	collected := make(chan struct{}, 1)
	notify(collected)
	var w watch
	quiet := time.NewTimer(calm)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-collected:
			if quiet.Reset(calm); w.ran(time.Now()) {
				r.set(busy)
			}
		case <-quiet.C:
			if w.rests() {
				r.set(resting)
			}
		}
	}
}

func (r Runner) set(percent int) {
	debug.SetGCPercent(percent)
	if percent == resting && r.Rest != nil {
		r.Rest()
	}
}

// notify tells c of each collection: an object that nobody has is finalized by each, and made again.
func notify(c chan struct{}) {
	runtime.SetFinalizer(&struct{ self *int }{new(int)}, func(any) {
		select {
		case c <- struct{}{}:
		default:
		}
		notify(c)
	})
}

// watch tells traffic from rest. The zero value rests.
type watch struct {
	times [lively]time.Time // of the last collections, the oldest first
	busy  bool
}

// ran notes a collection, and reports that traffic has begun.
func (w *watch) ran(now time.Time) (begun bool) {
	copy(w.times[:], w.times[1:])
	w.times[lively-1] = now
	begun = !w.busy && now.Sub(w.times[0]) <= time.Second
	w.busy = w.busy || begun
	return begun
}

// rests notes that there was no collection for long, and reports that traffic has ended.
func (w *watch) rests() (ended bool) {
	ended, w.busy = w.busy, false
	return ended
}
