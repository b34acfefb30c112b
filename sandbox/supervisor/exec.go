package supervisor

import (
	"cmp"
	"context"
	"syscall"
	"time"

	"exeat/sandbox/confine"
	"exeat/sandbox/control"
)

// Exec implements control.Handler.
func (h handler) Exec(_ context.Context, r control.ExecRequest) (*control.Started, error) {
	s := h.s
	select {
	case <-s.stopping:
		return nil, control.Errorf(control.CodeStopping, "sandbox %q is stopping", s.sandbox.Name)
	default:
	}
	if err := s.refusePaused(); err != nil {
		return nil, err
	}
	p, err := s.box.Exec(confine.ExecSpec{
		Argv: s.argv(r), Env: withExtra(s.environ(), r.Env), Dir: cmp.Or(r.Dir, startDir(s.sandbox.Spec)),
		TTY: r.TTY, Rows: r.Rows, Cols: r.Cols,
	})
	if err != nil {
		return nil, s.explainExec(r, err)
	}
	s.enter(p, r)
	return s.startedOf(p, r), nil
}

// argv is what is started. The sandbox's own command is the program that its
// user's PATH meant, which may be another than the first of that name inside.
func (s *supervisor) argv(r control.ExecRequest) []string {
	if p := s.sandbox.Spec.Program; r.Main && p != nil {
		return append([]string{programPath(p)}, r.Argv[1:]...)
	}
	return r.Argv
}

// startedOf hands a program's files to the server.
func (s *supervisor) startedOf(p *confine.Process, r control.ExecRequest) *control.Started {
	started := &control.Started{
		Stdin: p.Stdin, Stdout: p.Stdout, TTY: r.TTY,
		Resize: p.Resize,
		Signal: func(sig syscall.Signal) error { return s.box.Signal(p.ID, sig) },
		Wait:   func() int { return s.exited(p.Wait(), r) },
		Done:   func() { s.leave(p.ID, r) },
	}
	if p.Stderr != nil {
		started.Stderr = p.Stderr
	}
	if p.Terminal != nil {
		started.Stdin, started.Stdout = p.Terminal, p.Terminal
	}
	return started
}

// enter notes a program that runs.
func (s *supervisor) enter(p *confine.Process, r control.ExecRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.running) == 0 {
		s.idle = make(chan struct{})
	}
	s.running[p.ID] = control.Process{ID: p.ID, Argv: r.Argv, TTY: r.TTY, Main: r.Main, StartedAt: time.Now()}
	if r.Main {
		s.main = &control.MainState{Running: true}
	}
}

// exited notes the exit code of the sandbox's own command.
func (s *supervisor) exited(code int, r control.ExecRequest) int {
	if !r.Main {
		return code
	}
	s.mu.Lock()
	s.main = &control.MainState{ExitCode: code}
	s.mu.Unlock()
	s.rememberExit(code)
	return code
}

// leave forgets a program whose exit code was delivered. With --no-keep the
// command's end is the sandbox's.
func (s *supervisor) leave(id int, r control.ExecRequest) {
	s.mu.Lock()
	delete(s.running, id)
	if len(s.running) == 0 {
		close(s.idle)
	}
	last := r.Main && s.sandbox.Spec.NoKeep
	s.remove = s.remove || last
	s.mu.Unlock()
	if last {
		s.stop()
	}
}
