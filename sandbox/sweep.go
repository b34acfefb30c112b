package sandbox

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"time"

	"exeat/store"
)

// orphanAge is how old a directory without a row must be to be rubbish: a
// creation makes the directory first, and the row milliseconds later.
const orphanAge = time.Minute

// sweep removes what creations and deletions that were killed half-way have
// left: the row comes last and goes first, so nothing without a row is used.
// What cannot be removed now is tried again the next time.
func (s *Sandboxes) sweep(ctx context.Context) {
	entries, err := os.ReadDir(s.Dirs.Sandboxes())
	if err != nil {
		return
	}
	for _, entry := range entries {
		if id := entry.Name(); isID(id) && s.orphaned(ctx, id) {
			_ = s.discard(ctx, id)
		}
	}
}

// isID says whether a name is one that early.NewID makes; other directories are not ours to remove.
func isID(name string) bool {
	raw, err := hex.DecodeString(name)
	return err == nil && len(raw) == 8
}

func (s *Sandboxes) orphaned(ctx context.Context, id string) bool {
	info, err := os.Lstat(s.Dirs.Sandbox(id))
	if err != nil || !info.IsDir() || time.Since(info.ModTime()) < orphanAge {
		return false
	}
	_, err = s.Store.SandboxByID(ctx, id)
	return errors.Is(err, store.ErrNotFound)
}

// discard removes an orphan under its lock, which a creation that was only
// suspended, and a supervisor that has not noticed yet, still hold.
func (s *Sandboxes) discard(ctx context.Context, id string) error {
	lock, err := s.dir(id).TryLock()
	if err != nil {
		return err
	}
	defer lock.Close()
	// Asked again: the row may have come before the lock was free.
	if _, err := s.Store.SandboxByID(ctx, id); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.remove(ctx, id)
}
