package live_test

import (
	"sync"
	"testing"

	"exeat/policy/live"
)

func TestSwap(t *testing.T) {
	first, second := &live.Snapshot{Revision: 1}, &live.Snapshot{Revision: 2}
	l := live.New(first)
	changed := l.Changed()
	if got := l.Load(); got != first {
		t.Fatalf("got revision %d, want 1", got.Revision)
	}
	select {
	case <-changed:
		t.Fatal("changed before the swap")
	default:
	}
	l.Swap(second)
	<-changed
	if got := l.Load(); got != second {
		t.Errorf("got revision %d, want 2", got.Revision)
	}
	select {
	case <-l.Changed():
		t.Error("the second snapshot is over already")
	default:
	}
}

// Whoever watches sees every last revision, whatever the timing: no swap falls
// between a snapshot and its channel.
func TestWatchMissesNoSwap(t *testing.T) {
	const last = 1000
	l := live.New(&live.Snapshot{})
	var watchers sync.WaitGroup
	for range 4 {
		watchers.Go(func() {
			for {
				s, over := l.Watch()
				if s.Revision == last {
					return
				}
				<-over
			}
		})
	}
	for revision := 1; revision <= last; revision++ {
		l.Swap(&live.Snapshot{Revision: revision})
		if got := l.Load().Revision; got != revision {
			t.Fatalf("after swapping in %d: got %d", revision, got)
		}
	}
	watchers.Wait()
}
