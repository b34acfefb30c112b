package sandbox

import (
	"context"
	"errors"
	"fmt"

	"exeat/store"
)

// CheckFree says whether a new sandbox can have this name: the same answer
// Create gives, before anything was asked of anybody.
func (s *Sandboxes) CheckFree(ctx context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	_, err := s.Store.SandboxByName(ctx, name)
	switch {
	case err == nil:
		return conflict(name, store.ErrConflict)
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("find sandbox %q: %w", name, err)
	}
	return nil
}
