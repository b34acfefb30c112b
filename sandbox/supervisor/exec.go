package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
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
		Argv: r.Argv, Env: withExtra(s.env, r.Env), Dir: cmp.Or(r.Dir, startDir(s.sandbox.Spec)),
		TTY: r.TTY, Rows: r.Rows, Cols: r.Cols,
	})
	if err != nil {
		return nil, s.explainExec(r, err)
	}
	s.enter(p, r)
	return s.startedOf(p, r), nil
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

// explainExec says why a program did not start: whether it is nowhere, or on
// this machine but not in the view, or there and no program.
func (s *supervisor) explainExec(r control.ExecRequest, err error) error {
	var failed *confine.ExecError
	if !errors.As(err, &failed) {
		return err
	}
	name := r.Argv[0]
	switch failed.Problem {
	case confine.NotFound:
		return s.notFound(name)
	case confine.NotExecutable:
		return control.Errorf(control.CodeNotExecutable, "%s", failed.Error()).WithHint("chmod +x " + failed.Path)
	case confine.NoInterpreter:
		return control.Errorf(control.CodeNotExecutable, "%s", failed.Error())
	case confine.TooMany:
		return control.Errorf(control.CodeTooMany, "%s", failed.Error()).WithHint("exeat sandbox get " + s.sandbox.Name + "   (shows the limits; or: exeat sandbox stop " + s.sandbox.Name + ")")
	case confine.Paused: // since we looked
		return control.Errorf(control.CodePaused, "%s", failed.Error()).WithHint("exeat sandbox resume " + s.sandbox.Name)
	case confine.BadDirectory:
		return control.Errorf(control.CodeBadRequest, "%s", failed.Error())
	}
	return control.Errorf(control.CodeInternal, "%s", failed.Error())
}

func (s *supervisor) notFound(name string) error {
	host := s.onHost(name)
	if host == "" {
		return control.Errorf(control.CodeNoProgram, "there is no program %q, neither in the sandbox nor in the usual places of this machine", name)
	}
	return control.Errorf(control.CodeHidden, "%s is on this machine, but the policy's paths do not show it in the sandbox", host).
		WithHint(fmt.Sprintf("add %s to filesystem_policy.read_only of the policy and create the sandbox again", path.Dir(host)))
}

// onHost looks for a program where a user's own would be.
func (s *supervisor) onHost(name string) string {
	places := []string{name}
	if !strings.Contains(name, "/") {
		places = nil
		for _, dir := range append(strings.Split(execPath, ":"), "/snap/bin", "/usr/games", path.Join(s.launch.Home, ".local/bin"), path.Join(s.launch.Home, "bin")) {
			places = append(places, path.Join(dir, name))
		}
	}
	for _, place := range places {
		if info, err := os.Stat(place); err == nil && info.Mode().IsRegular() && path.IsAbs(place) {
			return place
		}
	}
	return ""
}
