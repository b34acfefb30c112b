package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"

	"exeat/policy"
	"exeat/sandbox/baseline"
	"exeat/sandbox/confine"
)

// handoffs is what a search for the hand-off files of the workdir found.
type handoffs struct {
	before  *baseline.Snapshot // of an earlier start; nil at the first
	now     *baseline.Snapshot
	damaged error // why before cannot be read, though it is there
}

// findHandoffs reads the workdir; globs are the policy's own names.
func (s *supervisor) findHandoffs(globs []string) (handoffs, error) {
	before, damaged := baseline.Load(s.dir.Handoff())
	if errors.Is(damaged, os.ErrNotExist) {
		damaged = nil
	}
	tree, err := baseline.Open(s.sandbox.Spec.Workdir)
	if err != nil {
		return handoffs{}, err
	}
	defer tree.Close()
	now, err := tree.Take(globs, before)
	return handoffs{before, now, damaged}, err
}

// protect adds to the view what keeps the hand-off files of the workdir as they
// are, and remembers them.
func (s *supervisor) protect(context.Context) error {
	if s.sandbox.Spec.Workdir == "" {
		return nil
	}
	found, err := s.handoffs()
	if err != nil {
		return fmt.Errorf("hand-off files of workdir: %w", err)
	}
	if err := s.rememberHandoffs(found); err != nil {
		return err
	}
	s.pinHandoffs(found.now)
	s.ahead.handoffs = handoffs{} // it holds what the files contain
	return nil
}

// handoffs waits for the search that a start has begun, and searches again
// where the policy names more files.
func (s *supervisor) handoffs() (handoffs, error) {
	s.ahead.searched.Wait()
	if globs := s.live.Load().Policy.Filesystem.Handoff; len(globs) > 0 {
		return s.findHandoffs(globs)
	}
	return s.ahead.handoffs, s.ahead.handoffsErr
}

// rememberHandoffs makes what was found the state to compare with, unless there
// are changes that nobody has undone or accepted: they stay on the list.
func (s *supervisor) rememberHandoffs(found handoffs) error {
	if found.now.Cut {
		s.warn("the workdir has more files than are searched for hand-off files; those that were not found are not protected")
	}
	if found.damaged != nil { // the power failed while it was written
		s.warn(fmt.Sprintf("how the hand-off files were before is not known: %v; read what changed in %s", found.damaged, s.sandbox.Spec.Workdir))
	}
	if found.before != nil {
		if n := len(baseline.Compare(found.before, found.now)); n > 0 {
			s.warn(fmt.Sprintf("%d hand-off files are not as they were: exeat sandbox diff %s", n, s.sandbox.Name))
			return nil
		}
	}
	if err := found.now.Save(s.dir.Handoff()); err != nil {
		return fmt.Errorf("remember hand-off files: %w", err)
	}
	return nil
}

// pinHandoffs protects what was found, except below a directory of the workdir
// that the policy itself lists as writable.
func (s *supervisor) pinHandoffs(now *baseline.Snapshot) {
	pins, beyond := now.Pins()
	if beyond > 0 {
		s.warn(fmt.Sprintf("the workdir has %d more hand-off files than can be protected; they are only watched", beyond))
	}
	dir := s.sandbox.Spec.Workdir
	for _, p := range pins {
		at := path.Join(dir, p.Path)
		if !p.ReadOnly || !opened(s.live.Load().Policy.Filesystem, dir, at) {
			s.view.pins = append(s.view.pins, confine.Pin{Path: at, ReadOnly: p.ReadOnly})
		}
	}
}

// opened says that the policy lists a directory below the workdir as writable,
// and name lies in it.
func opened(fs policy.Filesystem, dir, name string) bool {
	return slices.ContainsFunc(fs.ReadWrite, func(rw string) bool { return rw != dir && within(rw, dir) && within(name, rw) })
}

// shown is a path of the workdir, which the sandbox may have chosen, made safe to print.
func shown(name string) string { return strconv.QuoteToASCII(name) }
