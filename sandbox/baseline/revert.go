package baseline

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Undone says what was done about one change.
type Undone struct {
	Path string // hostile
	Did  string // "removed", "restored"; "" where Err says why not
	Err  error
}

// Revert undoes what is different in after: it removes what is new and puts back
// the rest. It follows no symlink and never leaves the tree. No sandbox may be
// writing there meanwhile.
func (t *Tree) Revert(before, after *Snapshot) []Undone {
	var all []Undone
	for _, c := range ordered(Compare(before, after)) {
		if c.What == New && c.After.Loose && !c.After.newer(before) {
			continue // a file of yours, which no longer counts once the rest is undone
		}
		did, err := t.undo(before, c)
		all = append(all, Undone{c.Path, did, err})
	}
	t.sweep(index(before), after)
	return all
}

// sweep removes new directories that are empty now.
func (t *Tree) sweep(old map[string]*Entry, after *Snapshot) {
	for _, e := range slices.Backward(after.Entries) { // deeper ones first
		if e.Kind != Dir || old[e.Path] != nil {
			continue
		}
		if dir, base, err := t.openDir(e.Path); err == nil {
			_ = unix.Unlinkat(int(dir.Fd()), base, unix.AT_REMOVEDIR) // not empty: somebody else's
			dir.Close()
		}
	}
}

// ordered puts removals first, deepest first, then what comes back, shallowest
// first: a link in a directory's place goes before what belongs in the directory.
func ordered(changes []Change) []Change {
	all := slices.Clone(changes)
	slices.SortStableFunc(all, func(a, b Change) int { return cmp.Compare(turn(a), turn(b)) })
	return all
}

func turn(c Change) int {
	depth := strings.Count(c.Path, "/")
	if c.What == New {
		return -1 - depth
	}
	return depth
}

func (t *Tree) undo(before *Snapshot, c Change) (string, error) {
	if c.What == New {
		return "removed", t.removeNew(before, c)
	}
	content, kept := before.Content(c.Before)
	switch {
	case c.What == Mode && c.Before.Kind == Dir, c.What == Mode && !kept:
		return "restored", t.chmod(c.Path, c.Before)
	case c.Before.Kind == File && !kept:
		return "", fmt.Errorf("its content was not kept: it had more than %d bytes, or could not be read", contentMax)
	case c.Before.Kind == Other || c.Before.Kind == Hidden:
		return "", fmt.Errorf("it was a %s, of which there is no copy", c.Before.Kind)
	}
	return "restored", t.restore(index(before), *c.Before, content)
}

// removeNew keeps what somebody else may want back: a directory that was only
// closed, and a file that was there before under another name.
func (t *Tree) removeNew(before *Snapshot, c Change) error {
	switch {
	case c.After.Kind == Hidden:
		return errors.New("it cannot be looked into; open it (chmod u+rwx) and try again")
	case c.After.Kind == File && c.After.Born != 0 && !c.After.newer(before) && c.After.Links == 1:
		return errors.New("it was made before the sandbox, so it was moved here; look at it and move it away")
	}
	return t.remove(c.Path)
}

// coarse is how far the clock of file systems is behind (CONFIG_HZ=100).
const coarse = 10 * time.Millisecond

// newer says that a file was made after the snapshot was begun.
func (e *Entry) newer(than *Snapshot) bool { return e.Born > than.Taken-int64(coarse) }

func (t *Tree) remove(name string) error {
	dir, base, err := t.openDir(name)
	if err != nil {
		return explain(err)
	}
	defer dir.Close()
	return explain(removeAll(dir, base))
}

// removeAll removes one name of a directory. os.Root opens each directory below
// it without following symlinks.
func removeAll(dir *os.File, base string) error {
	root, err := os.OpenRoot(dir.Name())
	if err != nil {
		return err
	}
	defer root.Close()
	return root.RemoveAll(base)
}

func (t *Tree) chmod(name string, to *Entry) error {
	fd, err := t.open(name, unix.O_PATH)
	if err != nil {
		return explain(err)
	}
	file := procFile(fd)
	defer file.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return errors.Join(err, unix.ELOOP)
	}
	return unix.Chmod(file.Name(), to.Mode)
}

func explain(err error) error {
	switch {
	case errors.Is(err, unix.ELOOP):
		return errors.New("a directory on the way is a symbolic link now, which is not followed")
	case errors.Is(err, unix.EXDEV):
		return errors.New("the way to it leads out of the workdir, and is not followed")
	}
	return err
}
