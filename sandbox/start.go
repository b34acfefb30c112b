package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"exeat/sandbox/control"
	"exeat/sandbox/reexec"
	"exeat/store"
)

// startTimeout is init's ten seconds and a little for the supervisor itself.
const startTimeout = 15 * time.Second

// superviseRole is the hidden command that package supervisor answers to.
const superviseRole = "supervise"

// Start brings a stopped sandbox back, idle: same static policy, newest signed
// revision, a new certificate authority.
func (s *Sandboxes) Start(ctx context.Context, name string) (Started, error) {
	info, err := s.Get(ctx, name)
	if err != nil {
		return Started{}, err
	}
	if info.Running {
		return Started{}, &Error{Text: fmt.Sprintf("sandbox %q is running already", name), Way: "exeat sandbox connect " + name}
	}
	return s.start(ctx, info.Sandbox)
}

// start runs a supervisor and returns when it serves, or with its own words for
// why it does not.
func (s *Sandboxes) start(ctx context.Context, box store.Sandbox) (Started, error) {
	private, err := s.readPrivate(box.ID)
	if err != nil {
		return Started{}, err
	}
	log, err := os.OpenFile(s.dir(box.ID).Log(), os.O_CREATE|os.O_RDWR|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return Started{}, fmt.Errorf("supervisor log: %w", err)
	}
	defer log.Close()
	conn, proc, err := spawn(log)
	if err != nil {
		return Started{}, fmt.Errorf("start supervisor: %w", err)
	}
	defer conn.Close()
	ready, err := handshake(ctx, conn, s.launch(box.ID, private))
	if err != nil {
		return Started{}, died(ctx, box.Name, proc, log, err)
	}
	go proc.Wait() // whoever lives longer than the sandbox must not keep it as a zombie
	if ready.Error != nil {
		return Started{}, ready.Error
	}
	return Started{PID: ready.PID, Warnings: ready.Warnings}, nil
}

func (s *Sandboxes) launch(id string, p Private) control.Launch {
	return control.Launch{
		ID: id, State: s.Dirs.State, Config: s.Dirs.Config, Runtime: s.Dirs.Runtime, Home: s.Home,
		Env: p.Env, GitName: p.GitName, GitEmail: p.GitEmail,
	}
}

// spawn starts the supervisor in a session of its own, so that no terminal's
// signals reach it, and with an empty environment: SSL_CERT_FILE, GODEBUG or a
// proxy variable of the caller must not decide what it trusts.
func spawn(log *os.File) (*reexec.Conn, *os.Process, error) {
	// What the caller's shell left open must not live as long as the sandbox:
	// whoever waits for the end of such a pipe would wait for ever.
	if err := reexec.Seal(); err != nil {
		return nil, nil, err
	}
	conn, theirs, err := reexec.Pair()
	if err != nil {
		return nil, nil, err
	}
	defer theirs.Close()
	proc, err := reexec.Command{
		Role:   superviseRole,
		Stderr: log,
		Files:  []reexec.File{{Name: "launch", File: theirs}},
		Attr:   &syscall.SysProcAttr{Setsid: true},
	}.Start()
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, proc, nil
}

func handshake(ctx context.Context, conn *reexec.Conn, l control.Launch) (control.Ready, error) {
	conn.SetDeadline(time.Now().Add(startTimeout))
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if err := conn.Send(l); err != nil {
		return control.Ready{}, err
	}
	var ready control.Ready
	_, err := conn.Receive(&ready)
	return ready, err
}

// died ends a supervisor that never said it was ready, and reports how it went
// and its last words.
func died(ctx context.Context, name string, proc *os.Process, log *os.File, cause error) error {
	how := "took too long"
	if ctx.Err() != nil || errors.Is(cause, os.ErrDeadlineExceeded) {
		_ = proc.Kill()
		_, _ = proc.Wait()
	} else {
		defer time.AfterFunc(time.Second, func() { _ = proc.Kill() }).Stop()
		if state, err := proc.Wait(); err == nil {
			how = "ended (" + state.String() + ")"
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("start sandbox %q: %w", name, ctx.Err())
	}
	e := &Error{Text: fmt.Sprintf("the supervisor of sandbox %q %s while starting", name, how)}
	if words := lastLine(log); words != "" {
		e.Text += ": " + words
	}
	return e
}

// lastLine reads the end of a log. A Go panic's sentence is its first line, so
// that is preferred where there is one.
func lastLine(log *os.File) string {
	data, err := io.ReadAll(io.NewSectionReader(log, 0, 64<<10))
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line
		}
	}
	return lines[len(lines)-1]
}
