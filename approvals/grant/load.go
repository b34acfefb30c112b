package grant

import (
	"context"
	"errors"
	"fmt"

	"exeat/sandbox/control"
	"exeat/store"
)

// loadNow has the supervisor load a revision; false without an error when none runs.
func (g Grant) loadNow(ctx context.Context, sandbox store.Sandbox, number int) (bool, error) {
	client, err := control.Dir(g.Dirs.Sandbox(sandbox.ID)).Dial(ctx, g.Dirs.Socket(sandbox.ID))
	if errors.Is(err, control.ErrNotRunning) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return g.load(ctx, client, sandbox, number)
}

// load has a revision put in force. Whatever the call itself says, the
// supervisor's policy decides whether it is: an answer can be lost.
func (g Grant) load(ctx context.Context, client *control.Client, sandbox store.Sandbox, number int) (bool, error) {
	cause := client.Load(ctx, number)
	current, _, _, err := client.Policy(ctx)
	switch {
	case err == nil && current >= number:
		if err := g.mark(ctx, store.Revision{Sandbox: sandbox.ID, Number: number, Status: store.RevisionLoaded}); err != nil {
			return true, fmt.Errorf("revision %d is in force, which could not be written down: %w", number, err)
		}
		return true, nil
	case errors.Is(err, control.ErrNotRunning):
		return false, nil // it went away; the next start loads it
	case err != nil:
		return false, fmt.Errorf("revision %d is signed, but the supervisor of sandbox %q does not say whether it is in force: %w",
			number, sandbox.Name, errors.Join(cause, err))
	case cause == nil:
		return false, fmt.Errorf("the supervisor of sandbox %q says it loaded revision %d and enforces revision %d", sandbox.Name, number, current)
	}
	var refused *control.Error
	if !errors.As(cause, &refused) || refused.Code == control.CodeStopping {
		return false, cause // a time-out: the revision stays signed and is loaded first next time
	}
	void := store.Revision{Sandbox: sandbox.ID, Number: number, Status: store.RevisionFailed, Problem: refused.Message}
	if err := g.mark(ctx, void); err != nil {
		return false, errors.Join(cause, err)
	}
	return false, &problem{
		fmt.Errorf("revision %d of sandbox %q was %w: %w", number, sandbox.Name, ErrNotLoaded, cause), refused.Hint(),
	}
}

// mark writes down a revision's status and problem, if the supervisor has not.
func (g Grant) mark(ctx context.Context, to store.Revision) error {
	known, err := g.Store.Revision(ctx, to.Sandbox, to.Number)
	if err != nil || known.Status == to.Status {
		return err
	}
	return g.Store.SetRevisionStatus(ctx, to.Sandbox, to.Number, to.Status, to.Problem)
}

// noteLoaded writes down of what is in force that it is, where there was no room for it before.
func (g Grant) noteLoaded(ctx context.Context, sandbox store.Sandbox, current int) error {
	signed, err := signedRevisions(ctx, g.Store, sandbox)
	if err != nil {
		return err
	}
	for _, r := range signed {
		if r.Number > current || r.Status == store.RevisionLoaded {
			continue
		}
		r.Status = store.RevisionLoaded
		if err := g.mark(ctx, r); err != nil {
			return err
		}
	}
	return nil
}
