package supervisor

import (
	"context"
	"runtime/debug"
	"time"

	"exeat/sandbox/pace"
	"exeat/sandbox/reexec"
)

// keepPace has the runtime do more while there is traffic. It begins a little after the start: the collector was off
// until then (package early), since a process that is about to wait need not tidy up first.
func (s *supervisor) keepPace() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	begin := time.AfterFunc(trustTime, func() {
		defer close(done)
		s.ahead.trust()
		pace.Runner{Rest: s.rest}.Run(ctx)
	})
	s.undo.add(func() {
		if cancel(); !begin.Stop() {
			<-done
		}
	})
}

// rest gives back what the start, or traffic, has used.
func (s *supervisor) rest() {
	debug.FreeOSMemory()
	if err := reexec.Trim(); err != nil {
		s.logger.Warn("give memory back", "err", err)
	}
}
