package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"exeat/sandbox/cgroup"
	"exeat/sandbox/control"
	"exeat/store"
)

// stopTimeout is what a supervisor has to end: TERM 5 s, then KILL, then its own work.
const stopTimeout = 12 * time.Second

// Stop ends a running sandbox and returns when its supervisor is gone.
// A sandbox that is stopped already is no error.
func (s *Sandboxes) Stop(ctx context.Context, name string) error {
	info, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	lock, err := s.stop(ctx, info.ID)
	if err != nil {
		return fmt.Errorf("stop sandbox %q: %w", name, err)
	}
	return lock.Close()
}

// stop ends the supervisor and returns its lock, so that no other starts meanwhile.
func (s *Sandboxes) stop(ctx context.Context, id string) (*os.File, error) {
	client, err := s.dial(ctx, id)
	if err == nil {
		err = client.Stop(ctx)
	}
	var stopping *control.Error
	if errors.As(err, &stopping) && stopping.Code == control.CodeStopping {
		err = nil
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = client.Kill(ctx) // it hangs, and with it everything in the sandbox that wants out
	}
	if err != nil && !errors.Is(err, control.ErrNotRunning) {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	return s.dir(id).Lock(ctx)
}

// Delete stops a sandbox and removes everything of it: row, revisions, home and record.
func (s *Sandboxes) Delete(ctx context.Context, name string) error {
	info, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	lock, err := s.stop(ctx, info.ID)
	if errors.Is(err, os.ErrNotExist) {
		err = nil // its directory is gone; the row goes now
	}
	if err != nil {
		return fmt.Errorf("delete sandbox %q: %w", name, err)
	}
	defer lock.Close()
	if err := s.remove(ctx, info.ID); err != nil {
		return fmt.Errorf("delete sandbox %q: %w", name, err)
	}
	s.sweep(ctx)
	return nil
}

// remove deletes a stopped sandbox. The row goes first: files without a row
// are rubbish, a row without files is a sandbox that lies.
func (s *Sandboxes) remove(ctx context.Context, id string) error {
	if err := s.Store.DeleteSandbox(ctx, id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	cgroup.Clean(cgroup.Name(id))
	return errors.Join(
		store.DeleteDecisions(s.Dirs, id),
		control.Remove(s.Dirs.Socket(id)),
		s.dir(id).Remove(),
	)
}
