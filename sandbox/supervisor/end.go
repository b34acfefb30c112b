package supervisor

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"exeat/sandbox/control"
	"exeat/store"
)

const (
	// termTime is what programs have to end by themselves.
	termTime = 5 * time.Second
	// deliverTime is what exit codes have to reach their clients.
	deliverTime = time.Second
	// storeTime bounds the last words to the store.
	storeTime = 5 * time.Second
)

// endPrograms asks every program to end, then ends the sandbox; the exit codes
// still reach whoever waits for them. What is paused hears nothing, and is not asked.
func (s *supervisor) endPrograms() {
	idle := s.idleNow()
	if s.whyPaused() == "" {
		s.askToEnd()
		select {
		case <-idle:
		case <-s.box.Done():
		case <-time.After(termTime):
		}
	}
	s.box.End() // its files are closed when those who serve them have ended
	select {
	case <-idle:
	case <-time.After(deliverTime):
	}
}

// idleNow is closed when the last program is gone.
func (s *supervisor) idleNow() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.idle
}

// askToEnd signals every program that was started over the control socket.
func (s *supervisor) askToEnd() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, p := range s.running {
		// One that has just ended is no error; a box that is gone closes idle itself.
		_ = s.box.Signal(id, syscall.SIGTERM)
		if p.TTY {
			_ = s.box.Signal(id, syscall.SIGHUP) // a shell at a terminal ignores the other
		}
	}
}

// remember writes that the sandbox runs. The truth is the lock, so nobody waits
// for the disk here.
func (s *supervisor) remember() {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	state, pid, now := store.StateRunning, os.Getpid(), time.Now()
	var none *int
	if err := s.store.UpdateSandbox(ctx, s.sandbox.ID, store.SandboxUpdate{State: &state, PID: &pid, StartedAt: &now, ExitCode: &none}); err != nil {
		s.logger.Warn("write the start", "err", err)
	}
}

// forget writes that it no longer does, or removes all of it (--no-keep).
func (s *supervisor) forget() {
	s.remembering.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	s.mu.Lock()
	remove := s.remove
	s.mu.Unlock()
	var err error
	if remove {
		err = s.removeAll(ctx)
	} else {
		state, pid, now := store.StateStopped, 0, time.Now()
		err = s.store.UpdateSandbox(ctx, s.sandbox.ID, store.SandboxUpdate{State: &state, PID: &pid, StoppedAt: &now})
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.logger.Error("write the end", "err", err)
	}
}

func (s *supervisor) removeAll(ctx context.Context) error {
	return errors.Join(
		s.store.DeleteSandbox(ctx, s.sandbox.ID),
		store.DeleteDecisions(s.dirs, s.sandbox.ID),
		control.Remove(s.dirs.Socket(s.sandbox.ID)),
		s.dir.Remove(),
	)
}

// rememberExit writes the exit code of the sandbox's own command.
func (s *supervisor) rememberExit(code int) {
	s.remembering.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	exit := &code
	if err := s.store.UpdateSandbox(ctx, s.sandbox.ID, store.SandboxUpdate{ExitCode: &exit}); err != nil {
		s.logger.Warn("write exit code", "err", err)
	}
}
