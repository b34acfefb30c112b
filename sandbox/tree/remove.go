package tree

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// batch is how many names of a directory are read at once.
const batch = 1024

// MountError says that something is mounted in a tree that is to be removed.
// What is mounted is left alone.
type MountError struct{ Path string }

func (e *MountError) Error() string { return e.Path + ": something is mounted there" }

// Hint says what to do first.
func (e *MountError) Hint() string { return "umount " + strconv.Quote(e.Path) }

// Remove removes a directory with all that is in it; one that does not exist is
// no error. The caller owns the directory that contains it, and nobody else
// writes there.
//
// It does not descend: the directories found in a directory of the tree are moved
// up, into the tree's own root, and their turn comes there. So three descriptors
// are enough for any depth.
func Remove(path string) error {
	parent, err := os.OpenFile(filepath.Dir(path), os.O_RDONLY|unix.O_DIRECTORY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer parent.Close()
	root, err := enter(int(parent.Fd()), filepath.Base(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, unix.EXDEV):
		return &MountError{path}
	case err != nil:
		return fmt.Errorf("remove %s: %w", path, err)
	}
	defer root.Close()
	r := &remover{path: path, root: int(root.Fd())}
	if err := r.empty(); err != nil {
		return err
	}
	return os.NewSyscallError("rmdir", unix.Unlinkat(int(parent.Fd()), filepath.Base(path), unix.AT_REMOVEDIR))
}

// remover empties the directory root.
type remover struct {
	path string // of root, for sentences
	root int
	next int // number of the next directory that is moved up
}

// empty looks again and again: what is moved up may or may not be seen by the
// listing under way. A round that gets nothing done ends it.
func (r *remover) empty() error {
	for {
		seen, done, problem := r.round()
		if seen == 0 || (done == 0 && problem != nil) {
			return problem
		}
	}
}

// round lists root once and removes what it can.
func (r *remover) round() (seen, done int, problem error) {
	dir, err := openDir(r.root, ".")
	if err != nil {
		return 0, 0, err
	}
	defer dir.Close()
	err = each(dir, func(name string) {
		seen++
		if err := r.remove(name); err != nil {
			problem = cmp.Or(problem, r.explain(name, err)) // the first of perhaps a million
			return
		}
		done++
	})
	return seen, done, cmp.Or(problem, err)
}

// each calls f with every name in a directory.
func each(dir *os.File, f func(name string)) error {
	for {
		names, err := dir.Readdirnames(batch)
		for _, name := range names {
			f(name)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// remove removes one entry of root: a file, an empty directory, or one that is
// empty once its own directories are moved up.
func (r *remover) remove(name string) error {
	err := unix.Unlinkat(r.root, name, 0)
	if !errors.Is(err, unix.EISDIR) {
		return gone(err)
	}
	err = unix.Unlinkat(r.root, name, unix.AT_REMOVEDIR)
	if !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EEXIST) {
		return gone(err)
	}
	dir, err := enter(r.root, name)
	if err != nil {
		return err
	}
	defer dir.Close()
	var problem error
	err = each(dir, func(below string) {
		err := r.lift(dir, name, below)
		problem = cmp.Or(problem, err)
	})
	if problem = cmp.Or(problem, err); problem != nil {
		return problem
	}
	return gone(unix.Unlinkat(r.root, name, unix.AT_REMOVEDIR))
}

// enter opens a directory, also one that was closed to its owner.
func enter(parent int, name string) (*os.File, error) {
	if err := unlock(parent, name); err != nil {
		return nil, err
	}
	return openDir(parent, name)
}

// lift removes a file of dir, and moves a directory of it up into root.
func (r *remover) lift(dir *os.File, name, below string) error {
	err := unix.Unlinkat(int(dir.Fd()), below, 0)
	if !errors.Is(err, unix.EISDIR) {
		return r.explain(filepath.Join(name, below), gone(err))
	}
	// To be moved a directory must be writable, because its ".." changes.
	if err := unlock(int(dir.Fd()), below); err != nil {
		return r.explain(filepath.Join(name, below), err)
	}
	for {
		r.next++
		err := unix.Renameat2(int(dir.Fd()), below, r.root, ".removed-"+strconv.Itoa(r.next), unix.RENAME_NOREPLACE)
		if !errors.Is(err, unix.EEXIST) {
			return r.explain(filepath.Join(name, below), gone(err))
		}
	}
}

// gone makes no error of what is not there any more.
func gone(err error) error {
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// explain names the entry, and a mount as what it is.
func (r *remover) explain(name string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.EXDEV) || errors.Is(err, unix.EBUSY) {
		return &MountError{filepath.Join(r.path, name)}
	}
	return fmt.Errorf("remove %q: %w", filepath.Join(r.path, name), err)
}
