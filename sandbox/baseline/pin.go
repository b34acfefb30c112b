package baseline

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Pin is a path that becomes a mount of its own: what is one can neither be
// renamed nor removed from inside.
type Pin struct {
	Path     string // relative to the workdir
	ReadOnly bool   // nor changed, with all that is below it
}

// pinsMax bounds the mounts of one sandbox; the kernel's limit is 100,000
// (fs.mount-max), and each costs a start some ten microseconds.
const pinsMax = 1000

// Pins are the mounts that protect what the snapshot found, and how many files
// are beyond the limit and so only watched. Every directory on the way is a
// mount too: else renaming it would take the protection elsewhere and leave
// the name free.
func (s *Snapshot) Pins() (pins []Pin, beyond int) {
	todo := slices.DeleteFunc(slices.Clone(s.Entries), func(e Entry) bool { return !e.Pin })
	slices.SortStableFunc(todo, func(a, b Entry) int { return cmp.Compare(strings.Count(a.Path, "/"), strings.Count(b.Path, "/")) })
	readOnly := map[string]bool{}
	for _, e := range todo {
		on := way(e.Path)
		if slices.ContainsFunc(on, func(dir string) bool { return readOnly[dir] }) {
			continue // the directory is protected as a whole
		}
		if len(readOnly)+len(on) >= pinsMax {
			beyond++
			continue
		}
		for _, dir := range on {
			readOnly[dir] = false
		}
		readOnly[e.Path] = true
	}
	for name, ro := range readOnly {
		pins = append(pins, Pin{name, ro})
	}
	slices.SortFunc(pins, func(a, b Pin) int { return cmp.Compare(a.Path, b.Path) })
	return pins, beyond
}

// way lists the directories between the workdir and name.
func way(name string) []string {
	var dirs []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	return dirs
}
