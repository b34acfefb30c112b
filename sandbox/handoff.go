package sandbox

import (
	"errors"
	"fmt"
	"os"

	"exeat/sandbox/baseline"
	"exeat/sandbox/control"
	"exeat/store"
)

// Handoffs are the hand-off files of a live workdir: as they were when the
// sandbox was first started, or when changes were last accepted, and as they are.
type Handoffs struct {
	Before, After *baseline.Snapshot
}

// Changes are what a person should see before he goes on in that directory.
func (h Handoffs) Changes() []baseline.Change {
	if h.Before == nil {
		return nil
	}
	return baseline.Compare(h.Before, h.After)
}

// Baseline reads what a workdir is compared with; nil for a sandbox that has
// none. It must be read before a sandbox that removes itself ends.
func (s *Sandboxes) Baseline(box store.Sandbox) (*baseline.Snapshot, error) {
	if box.Spec.Workdir == "" {
		return nil, nil
	}
	before, err := baseline.Load(s.dir(box.ID).Handoff())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // it has never started
	}
	return before, err
}

// CompareHandoffs looks at a workdir now.
func (s *Sandboxes) CompareHandoffs(box store.Sandbox, before *baseline.Snapshot) (Handoffs, error) {
	if before == nil {
		return Handoffs{}, nil
	}
	tree, err := baseline.Open(box.Spec.Workdir)
	if err != nil {
		return Handoffs{}, err
	}
	defer tree.Close()
	after, err := tree.Take(before.Globs, before)
	return Handoffs{before, after}, err
}

// Handoffs compares the workdir of a sandbox, running or not.
func (s *Sandboxes) Handoffs(box store.Sandbox) (Handoffs, error) {
	before, err := s.Baseline(box)
	if err != nil {
		return Handoffs{}, err
	}
	return s.CompareHandoffs(box, before)
}

// RevertHandoffs puts the hand-off files of a stopped sandbox back, and returns
// what it did and what is still different.
func (s *Sandboxes) RevertHandoffs(box store.Sandbox) ([]baseline.Undone, Handoffs, error) {
	lock, err := s.dir(box.ID).TryLock() // nothing inside may write meanwhile
	if errors.Is(err, control.ErrLocked) {
		return nil, Handoffs{}, &Error{Text: fmt.Sprintf("sandbox %q is running: its hand-off files can be put back once it is stopped", box.Name), Way: "exeat sandbox stop --revert-handoff " + box.Name}
	}
	if err != nil {
		return nil, Handoffs{}, err
	}
	defer lock.Close()
	found, err := s.Handoffs(box)
	if err != nil || found.Before == nil {
		return nil, found, err
	}
	tree, err := baseline.Open(box.Spec.Workdir)
	if err != nil {
		return nil, found, err
	}
	defer tree.Close()
	undone := tree.Revert(found.Before, found.After)
	found, err = s.CompareHandoffs(box, found.Before)
	return undone, found, err
}

// AcceptHandoffs makes the present state the one to compare with.
func (s *Sandboxes) AcceptHandoffs(box store.Sandbox) (Handoffs, error) {
	found, err := s.Handoffs(box)
	if err != nil || found.Before == nil {
		return found, err
	}
	return found, found.After.Save(s.dir(box.ID).Handoff())
}
