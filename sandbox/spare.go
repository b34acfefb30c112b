package sandbox

import (
	"cmp"
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

// Spare is a supervisor that has been started and waits to be told which
// sandbox it is for. Its own start takes as long as preparing a sandbox, so a
// caller who is going to create one starts it first.
type Spare struct {
	conn  *reexec.Conn
	proc  *os.Process
	early *os.File // its standard error until it has the sandbox's log
}

// Spawn starts a supervisor in a session of its own, so that no terminal's
// signals reach it, and with an empty environment: SSL_CERT_FILE, GODEBUG or a
// proxy variable of the caller must not decide what it trusts. The caller
// closes it; one that was never used ends then.
func Spawn() (*Spare, error) {
	// What the caller's shell left open must not live as long as the sandbox:
	// whoever waits for the end of such a pipe would wait for ever.
	if err := reexec.Seal(); err != nil {
		return nil, err
	}
	early, err := reexec.Memory("supervisor-log", nil)
	if err != nil {
		return nil, err
	}
	c := &Spare{early: early}
	if err := c.start(); err != nil {
		early.Close()
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	return c, nil
}

func (c *Spare) start() error {
	conn, theirs, err := reexec.Pair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	c.conn = conn
	c.proc, err = reexec.Command{
		Role:   superviseRole,
		Stderr: c.early,
		Files:  []reexec.File{{Name: "launch", File: theirs}},
		Attr:   &syscall.SysProcAttr{Setsid: true},
	}.Start()
	if err != nil {
		conn.Close()
	}
	return err
}

// Close lets go of the supervisor.
func (c *Spare) Close() {
	c.conn.Close()
	c.early.Close()
	go c.proc.Wait() // whoever lives longer than the sandbox must not keep it as a zombie
}

// serve tells the supervisor which sandbox it is for, and returns when it
// serves or with its own words for why it does not.
func (c *Spare) serve(ctx context.Context, name string, l control.Launch) (Started, error) {
	log, err := os.OpenFile(control.Dir(store.Dirs{State: l.State}.Sandbox(l.ID)).Log(), os.O_CREATE|os.O_RDWR|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return Started{}, fmt.Errorf("supervisor log: %w", err)
	}
	defer log.Close()
	ready, err := c.handshake(ctx, l, log)
	if err != nil {
		return Started{}, c.died(ctx, name, log, err)
	}
	if ready.Error != nil {
		return Started{}, ready.Error
	}
	return Started{PID: ready.PID, Warnings: ready.Warnings}, nil
}

func (c *Spare) handshake(ctx context.Context, l control.Launch, log *os.File) (control.Ready, error) {
	c.conn.SetDeadline(time.Now().Add(startTimeout))
	defer context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })()
	if err := c.conn.Send(l, log); err != nil {
		return control.Ready{}, err
	}
	var ready control.Ready
	_, err := c.conn.Receive(&ready)
	return ready, err
}

// died ends a supervisor that never said it was ready, and reports how it went
// and its last words.
func (c *Spare) died(ctx context.Context, name string, log *os.File, cause error) error {
	how := "took too long"
	if ctx.Err() != nil || errors.Is(cause, os.ErrDeadlineExceeded) {
		_ = c.proc.Kill()
		_, _ = c.proc.Wait()
	} else {
		defer time.AfterFunc(time.Second, func() { _ = c.proc.Kill() }).Stop()
		if state, err := c.proc.Wait(); err == nil {
			how = "ended (" + state.String() + ")"
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("start sandbox %q: %w", name, ctx.Err())
	}
	e := &Error{Text: fmt.Sprintf("the supervisor of sandbox %q %s while starting", name, how)}
	if words := cmp.Or(lastLine(log), lastLine(c.early)); words != "" {
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
