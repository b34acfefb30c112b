package baseline

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"exeat/policy"
)

// Snapshot is the state of all hand-off files of a tree.
type Snapshot struct {
	Entries []Entry  // by path
	Globs   []string // names of the policy that counted, too
	Cut     bool     // the search ended early: there may be more
	Taken   int64    // when the search began, in nanoseconds since 1970
	content map[string][]byte
}

// Take reads the hand-off files of a tree: those that package handoff knows, and
// those that globs name (filesystem_policy.handoff). What before had is looked at
// in any case, so that a search cut short still knows what was changed.
func (t *Tree) Take(globs []string, before *Snapshot) (*Snapshot, error) {
	more, err := policy.Filesystem{Handoff: globs}.IsHandoff()
	if err != nil {
		return nil, err
	}
	began := time.Now().UnixNano()
	s := &search{tree: t, more: more, left: t.max, entries: map[string]Entry{}, content: map[string][]byte{}}
	if before != nil {
		for _, e := range before.Entries {
			s.note(e.Path, verdict{why: e.Why, pin: e.Pin, loose: e.Loose})
		}
	}
	s.run()
	taken := &Snapshot{Globs: globs, Cut: s.cut, Taken: began, content: s.content}
	taken.Entries = slices.SortedFunc(maps.Values(s.entries), func(a, b Entry) int { return cmp.Compare(a.Path, b.Path) })
	return taken, nil
}

// Content is what a kept file contains.
func (s *Snapshot) Content(e *Entry) ([]byte, bool) {
	if e == nil || !e.Kept {
		return nil, false
	}
	content, ok := s.content[e.Digest]
	return content, ok
}
