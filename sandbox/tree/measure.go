package tree

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Usage is what a tree takes of its file system.
type Usage struct {
	// Bytes are those allocated, a file with several names counted once.
	Bytes int64
	// Files is the number of files and directories.
	Files int64
	// Partial says that there is more: a directory that may not be read, or that
	// moved while it was looked at, or more than the number of files asked for.
	Partial bool
}

// inode names a file of the machine.
type inode struct{ dev, ino uint64 }

// level is a directory on the way down.
type level struct {
	id    inode
	below []string // directories that are still to be looked at
}

// Measure adds up the tree below path, and stops after maxFiles.
func Measure(path string, maxFiles int64) (Usage, error) {
	root, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return Usage{}, err
	}
	m := &meter{max: maxFiles, seen: map[inode]struct{}{}}
	err = m.walk(root)
	return m.Usage, err
}

type meter struct {
	Usage
	max  int64
	seen map[inode]struct{} // files with several names
}

// walk goes down and up again with one open directory at a time.
func (m *meter) walk(dir *os.File) error {
	defer func() { dir.Close() }()
	top, err := m.list(dir)
	if err != nil {
		return err
	}
	levels := []level{top}
	for m.Files <= m.max {
		var next *os.File
		if here := &levels[len(levels)-1]; len(here.below) > 0 {
			name := here.below[len(here.below)-1]
			here.below = here.below[:len(here.below)-1]
			var l level
			if next, l = m.down(dir, name); next == nil {
				continue
			}
			levels = append(levels, l)
		} else if levels = levels[:len(levels)-1]; len(levels) == 0 {
			return nil
		} else if next = m.up(dir, levels[len(levels)-1].id); next == nil {
			break
		}
		dir.Close()
		dir = next
	}
	m.Partial = true
	return nil
}

// down opens and lists a directory; nil where that cannot be done.
func (m *meter) down(dir *os.File, name string) (*os.File, level) {
	next, err := openDir(int(dir.Fd()), name)
	if err != nil {
		m.Partial = m.Partial || !errors.Is(err, fs.ErrNotExist)
		return nil, level{}
	}
	l, err := m.list(next)
	if err != nil {
		m.Partial = true
		next.Close()
		return nil, level{}
	}
	return next, l
}

// up opens "..", which openDir would refuse; nil where it does not lead to where
// the walk came from.
func (m *meter) up(dir *os.File, want inode) *os.File {
	fd, err := unix.Openat(int(dir.Fd()), "..", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	parent := os.NewFile(uintptr(fd), "..")
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || (inode{st.Dev, st.Ino}) != want {
		parent.Close()
		return nil
	}
	return parent
}

// list adds the entries of a directory, and returns its own directories.
func (m *meter) list(dir *os.File) (level, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(dir.Fd()), &st); err != nil {
		return level{}, err
	}
	l := level{id: inode{st.Dev, st.Ino}}
	for m.Files <= m.max {
		names, err := dir.Readdirnames(batch)
		for _, name := range names {
			if m.add(int(dir.Fd()), name) {
				l.below = append(l.below, name)
			}
		}
		if err != nil {
			break // io.EOF, or a directory that was removed meanwhile
		}
	}
	return l, nil
}

// add counts one entry and says whether it is a directory.
func (m *meter) add(dir int, name string) bool {
	var st unix.Stat_t
	if unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return false // removed meanwhile
	}
	isDir := st.Mode&unix.S_IFMT == unix.S_IFDIR
	id := inode{st.Dev, st.Ino}
	if _, again := m.seen[id]; again {
		return false
	}
	if st.Nlink > 1 && !isDir {
		m.seen[id] = struct{}{}
	}
	m.Files++
	m.Bytes += st.Blocks * 512
	return isDir
}
