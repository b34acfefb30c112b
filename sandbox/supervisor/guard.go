package supervisor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"exeat/sandbox/limits"
)

// guardTime is how often what the kernel does not bound is looked at. A look
// that finds nothing is two system calls and one small file.
const guardTime = 250 * time.Millisecond

// guard bounds what no mechanism of the kernel does here: the home, which is a
// directory of the host, and the memory of all programs together.
type guard struct {
	s      *supervisor
	disk   diskGuard
	memory memoryGuard
	said   string // the last complaint

	mu   sync.Mutex
	home int64 // guarded by mu; bytes of the home when it was last walked
}

// guardLimits looks after the limits until the sandbox ends.
func (s *supervisor) guardLimits(context.Context) error {
	s.guard = &guard{
		s: s, disk: diskGuard{home: s.dir.Home(), open: s.box.Unlinked, still: s.standStill, limit: s.limits.Disk, files: homeFilesMax},
		memory: memoryGuard{limit: s.limits.Memory},
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.guard.run(ctx)
	}()
	s.undo.add(func() { cancel(); <-done })
	return nil
}

func (g *guard) run(ctx context.Context) {
	if err := g.disk.begin(); err != nil {
		g.s.logger.Warn("look at the home", "err", err)
	}
	tick := time.NewTicker(guardTime)
	defer tick.Stop()
	resumed := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if g.s.whyPaused() != "" {
			continue
		}
		if n := g.s.resumed(); n > resumed { // who resumes it allows it a little more
			resumed = n
			g.disk.allow()
			g.memory.allow()
		}
		g.look()
	}
}

// homeBytes is what the home held when it was last walked.
func (g *guard) homeBytes() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.home
}

// look pauses the sandbox where a limit does not hold. What cannot be looked at
// is no reason to: the limits of the kernel hold all the same.
func (g *guard) look() {
	reason, err := g.disk.look(time.Now())
	if err == nil && reason == "" {
		reason, err = g.memory.look(g.s.box)
	}
	g.complain(err)
	g.mu.Lock()
	g.home = g.disk.usage.Bytes
	g.mu.Unlock()
	if reason == "" {
		return
	}
	if err := g.s.pause(reason); err != nil {
		g.s.logger.Error("pause", "err", err)
	}
}

// complain logs what cannot be looked at, once.
func (g *guard) complain(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != g.said {
		g.s.logger.Warn("look at limits", "err", err)
	}
	g.said = text
}

// over says that a limit does not hold.
func over(what string, used, limit int64) string {
	return fmt.Sprintf("%s %s, the limit is %s", what, limits.Size(used), limits.Size(limit))
}
