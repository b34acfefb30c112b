package cmd

import (
	"context"
	"errors"
	"fmt"

	"exeat/sandbox"
	"exeat/store"
)

// findRevision returns a revision of a sandbox by number, the newest for 0.
func findRevision(ctx context.Context, boxes *sandbox.Sandboxes, name string, number int) (store.Revision, error) {
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return store.Revision{}, err
	}
	if number == 0 {
		return boxes.Store.LatestRevision(ctx, info.ID)
	}
	rev, err := boxes.Store.Revision(ctx, info.ID, number)
	if errors.Is(err, store.ErrNotFound) {
		return rev, &hintError{fmt.Errorf("sandbox %q has no revision %d", name, number), "exeat policy list " + name}
	}
	return rev, err
}
