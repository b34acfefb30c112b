package grant

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"exeat/sandbox/control"
	"exeat/store"
)

// catchUp loads what was signed earlier and not loaded yet, because whoever
// signed it was cut off: the next revision has to follow it. One that cannot be
// loaded is void, and so is everything signed on top of it.
func (g Grant) catchUp(ctx context.Context, client *control.Client, sandbox store.Sandbox) (notes []string, err error) {
	notes, err = g.dropOrphans(ctx, sandbox)
	if err != nil || client == nil {
		return notes, err
	}
	current, _, _, err := client.Policy(ctx)
	if err != nil {
		return notes, err
	}
	if err := g.noteLoaded(ctx, sandbox, current); err != nil {
		notes = append(notes, fmt.Sprintf("what is in force could not be written down: %v", err)) // a start finds out by itself
	}
	newest, err := g.Store.LatestRevision(ctx, sandbox.ID)
	if err != nil {
		return notes, err
	}
	for number := current + 1; number <= newest.Number; number++ {
		_, void := g.load(ctx, client, sandbox, number)
		if errors.Is(void, ErrNotLoaded) {
			more, err := g.dropOrphans(ctx, sandbox)
			return append(append(notes, void.Error()), more...), err
		}
		if void != nil {
			return notes, fmt.Errorf("revision %d was signed before and comes first: %w", number, void)
		}
		notes = append(notes, fmt.Sprintf("revision %d, signed earlier, is in force now", number))
	}
	return notes, nil
}

// dropOrphans voids revisions above a number that is missing: what they were
// signed on top of could not be loaded, so no supervisor will ever take them.
func (g Grant) dropOrphans(ctx context.Context, sandbox store.Sandbox) (notes []string, err error) {
	signed, err := signedRevisions(ctx, g.Store, sandbox)
	if err != nil {
		return nil, err
	}
	for i, revision := range signed {
		if revision.Number == i+1 {
			continue
		}
		why := fmt.Sprintf("it follows revision %d, which could not be loaded", i+1)
		revision.Status, revision.Problem = store.RevisionFailed, why
		if err := g.mark(ctx, revision); err != nil {
			return notes, err
		}
		notes = append(notes, fmt.Sprintf("revision %d, signed earlier, is void: %s", revision.Number, why))
	}
	return notes, nil
}

// signedRevisions are a sandbox's revisions that did not fail, in the order of their numbers, in which each was
// signed on top of the one before.
func signedRevisions(ctx context.Context, st *store.Store, sandbox store.Sandbox) ([]store.Revision, error) {
	all, err := st.Revisions(ctx, sandbox.ID)
	signed := slices.DeleteFunc(all, func(r store.Revision) bool { return r.Status == store.RevisionFailed })
	slices.SortFunc(signed, func(a, b store.Revision) int { return a.Number - b.Number })
	return signed, err
}
