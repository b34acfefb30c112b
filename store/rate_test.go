package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"exeat/store"
)

// offer calls do perSecond times a second, for a time, from so many goroutines, and
// returns when all have returned. One that is behind catches up.
func offer(goroutines, perSecond int, lasting time.Duration, do func(n int)) {
	var all sync.WaitGroup
	total := int(lasting.Seconds() * float64(perSecond))
	start := time.Now()
	for g := range goroutines {
		all.Go(func() {
			for n := g; n < total; n += goroutines {
				time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / time.Duration(perSecond))))
				do(n)
			}
		})
	}
	all.Wait()
}

// At 20,000 allowed requests a second nothing is lost: each is in the record, or
// its caller was told that it is not, and the record says how many that were.
func TestNothingLost(t *testing.T) {
	d := dirs(t)
	l := openLog(t, d, store.Bounds{})
	record(t, l, denial()) // id 1; the others are read after it
	const perSecond, offered = 20_000, 30_000
	var mu sync.Mutex
	taken, refused, slowest := map[int64]string{}, 0, time.Duration(0)
	start := time.Now()
	offer(16, perSecond, offered*time.Second/perSecond, func(n int) {
		row := allowed()
		row.Target = fmt.Sprint("/path/", n)
		began := time.Now()
		id, err := l.Enqueue(row)
		mu.Lock()
		defer mu.Unlock()
		if slowest = max(slowest, time.Since(began)); err != nil {
			refused++
		} else {
			taken[id] = row.Target
		}
	})
	t.Logf("%d in %v: %d taken, %d refused, the slowest after %v", offered, time.Since(start), len(taken), refused, slowest)
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v, want no more than 30 s on any machine", took)
	}
	if len(taken)+refused != offered || refused > offered/10 { // none on a machine that has time
		t.Errorf("%d taken and %d refused of %d", len(taken), refused, offered)
	}
	r := openReader(t, d)
	eventually(t, "all that was taken is recorded", func() bool { return kept(t, r, taken, refused) })
}

// kept says whether the record has exactly what was taken, and counts what was refused.
func kept(t *testing.T, r *store.DecisionReader, taken map[int64]string, refused int) bool {
	t.Helper()
	found, counted := 0, 0
	for after := int64(1); ; {
		list := page(t, r, store.DecisionFilter{AfterID: after, Limit: 10_000})
		for _, d := range list {
			if after = d.ID; d.Code == store.CodeUnrecorded {
				counted += d.Count
			} else if found++; taken[d.ID] != d.Target {
				t.Fatalf("decision %d is of %q, want %q", d.ID, d.Target, taken[d.ID])
			}
		}
		if len(list) == 0 {
			return found == len(taken) && counted == refused
		}
	}
}
