package pace

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestWatch(t *testing.T) {
	begin := time.Unix(1_800_000_000, 0)
	var w watch
	for _, tt := range []struct {
		millis int
		begun  bool
	}{
		{0, false}, {500, false}, {1000, false}, {1500, false}, {1600, false}, // two a second
		{1700, true}, {1800, false}, {1900, false}, {9000, false}, // many, then few
	} {
		if got := w.ran(begin.Add(time.Duration(tt.millis) * time.Millisecond)); got != tt.begun {
			t.Errorf("after %d ms: got %v", tt.millis, got)
		}
	}
	if !w.rests() || w.rests() {
		t.Error("traffic ends once")
	}
	if w.ran(begin.Add(9100 * time.Millisecond)) {
		t.Error("two collections are no traffic")
	}
}

// TestRun has the real collector work, and sees its percentage change.
func TestRun(t *testing.T) {
	before, processors := debug.SetGCPercent(100), runtime.GOMAXPROCS(0)
	defer func() { debug.SetGCPercent(before); runtime.GOMAXPROCS(processors) }()
	ctx, cancel := context.WithCancel(t.Context())
	rested, done := make(chan bool, 1), make(chan bool)
	go func() { Runner{Rest: func() { rested <- true }}.Run(ctx); close(done) }()
	<-rested
	for deadline := time.Now().Add(20 * time.Second); percent() != busy; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("the collector is at %d percent", percent())
		}
	}
	cancel()
	<-done
	if got := runtime.GOMAXPROCS(0); got != processors+1 {
		t.Errorf("got %d processors, want one more than %d", got, processors)
	}
}

// percent is the setting, which can only be read by changing it.
func percent() int {
	now := debug.SetGCPercent(100)
	debug.SetGCPercent(now)
	return now
}
