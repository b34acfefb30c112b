package baseline

import (
	"cmp"
	"slices"
)

// What became of a hand-off file.
const (
	New     = "new"
	Changed = "changed"
	Removed = "removed"
	Mode    = "mode changed"
)

// Change is one difference between two snapshots. The path is hostile.
type Change struct {
	Path   string
	What   string // New, Changed, Removed or Mode
	Why    string // who runs or trusts the file
	Before *Entry // nil where it is new
	After  *Entry // nil where it was removed
}

// Compare lists what is different in after, by path. A directory counts when
// it became something else or can be written by others, not when it comes or
// goes: what is in it does.
func Compare(before, after *Snapshot) []Change {
	old := index(before)
	now := index(after)
	var changes []Change
	for path, a := range now {
		if c, ok := difference(old[path], a); ok {
			changes = append(changes, c)
		}
	}
	for path, b := range old {
		if now[path] == nil {
			if c, ok := difference(b, nil); ok {
				changes = append(changes, c)
			}
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return changes
}

func index(s *Snapshot) map[string]*Entry {
	m := map[string]*Entry{}
	for i := range s.Entries {
		m[s.Entries[i].Path] = &s.Entries[i]
	}
	return m
}

func difference(before, after *Entry) (Change, bool) {
	c := Change{Before: before, After: after}
	switch {
	case before == nil:
		c.Path, c.Why, c.What = after.Path, after.Why, New
		return c, after.Kind != Dir
	case after == nil:
		c.Path, c.Why, c.What = before.Path, before.Why, Removed
		return c, before.Kind != Dir
	}
	c.Path, c.Why, c.What = after.Path, after.Why, Changed
	if before.same(after) {
		c.What = Mode
		return c, before.Mode != after.Mode
	}
	return c, true
}
