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
	"exeat/sandbox/early"
	"exeat/store"
)

// startTimeout is init's ten seconds and a little for the supervisor itself.
const startTimeout = 15 * time.Second

// Spare is a supervisor that has been started and waits to be told which
// sandbox it is for. Its own start takes as long as preparing a sandbox, so a
// caller who is going to create one starts it first.
type Spare struct{ *early.Supervisor }

// Spawn starts a supervisor, or takes the one that package early has begun. The
// caller closes it; one that was never used ends then.
func Spawn() (*Spare, error) {
	s, err := early.Spawn()
	if err != nil {
		return nil, err
	}
	return &Spare{s}, nil
}

// Close lets go of the supervisor.
func (c *Spare) Close() {
	c.Conn.Close()
	c.Log.Close()
	go c.Process.Wait() // whoever lives longer than the sandbox must not keep it as a zombie
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
	c.Conn.SetDeadline(time.Now().Add(startTimeout))
	defer context.AfterFunc(ctx, func() { c.Conn.SetDeadline(time.Unix(1, 0)) })()
	if err := c.Conn.Send(l, log); err != nil {
		return control.Ready{}, err
	}
	var ready control.Ready
	_, err := c.Conn.Receive(&ready)
	return ready, err
}

// died ends a supervisor that never said it was ready, and reports how it went
// and its last words.
func (c *Spare) died(ctx context.Context, name string, log *os.File, cause error) error {
	how := "took too long"
	if ctx.Err() != nil || errors.Is(cause, os.ErrDeadlineExceeded) {
		_ = c.Process.Kill()
		_, _ = c.Process.Wait()
	} else {
		defer time.AfterFunc(time.Second, func() { _ = c.Process.Kill() }).Stop()
		if state, err := c.Process.Wait(); err == nil {
			how = "ended (" + state.String() + ")"
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("start sandbox %q: %w", name, ctx.Err())
	}
	e := &Error{Text: fmt.Sprintf("the supervisor of sandbox %q %s while starting", name, how)}
	if words := cmp.Or(lastLine(log), lastLine(c.Log)); words != "" {
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
