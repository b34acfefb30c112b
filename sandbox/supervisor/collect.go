package supervisor

import (
	"runtime/debug"

	"exeat/sandbox/reexec"
)

// collect gives back what the start has used: the collector was off until now
// (package early), since a process that is about to wait need not tidy up first.
func (s *supervisor) collect() {
	debug.SetGCPercent(gcPercent)
	debug.FreeOSMemory()
	if err := reexec.Trim(); err != nil {
		s.logger.Warn("give back what the start has used", "err", err)
	}
}

// gcPercent keeps a supervisor small: it holds little, and many of them wait on
// one machine.
const gcPercent = 50
