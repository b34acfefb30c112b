package baseline

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// restore puts an entry back. A file is written beside its place and renamed
// over it, so that another name of the old one (a hard link) is not written to.
func (t *Tree) restore(old map[string]*Entry, e Entry, content []byte) error {
	if err := t.makeWay(old, e.Path); err != nil {
		return explain(err)
	}
	dir, base, err := t.openDir(e.Path)
	if err != nil {
		return explain(err)
	}
	defer dir.Close()
	if e.Kind == File {
		return explain(writeOver(dir, base, e, content))
	}
	if err := removeAll(dir, base); err != nil {
		return explain(err)
	}
	if e.Kind == Link {
		return explain(errors.Join(unix.Symlinkat(e.Target, int(dir.Fd()), base), own(dir, base, e)))
	}
	return explain(makeDir(dir, base, e))
}

// makeWay makes the directories that were removed on the way to a file.
func (t *Tree) makeWay(old map[string]*Entry, name string) error {
	dirs := way(name)
	slices.Reverse(dirs)
	for _, d := range dirs {
		dir, base, err := t.openDir(d)
		if err != nil {
			return err
		}
		var st unix.Stat_t
		_ = unix.Fstat(int(dir.Fd()), &st) // only whose it is: its parent's, if nothing else is known
		e := Entry{Mode: 0o755, UID: int(st.Uid), GID: int(st.Gid)}
		if known := old[d]; known != nil && known.Kind == Dir {
			e = *known
		}
		err = makeDir(dir, base, e)
		dir.Close()
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return err
		}
	}
	return nil
}

// makeDir makes one directory; its mode does not depend on the umask.
func makeDir(dir *os.File, base string, e Entry) error {
	if err := unix.Mkdirat(int(dir.Fd()), base, 0o700); err != nil {
		return err
	}
	return errors.Join(own(dir, base, e), unix.Fchmodat(int(dir.Fd()), base, e.Mode, unix.AT_SYMLINK_NOFOLLOW))
}

func writeOver(dir *os.File, base string, e Entry, content []byte) error {
	temporary := ".exeat-" + digest([]byte(base))[:16]
	_ = unix.Unlinkat(int(dir.Fd()), temporary, 0) // of a revert that was interrupted
	fd, err := unix.Openat(int(dir.Fd()), temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(fd), temporary)
	_, err = file.Write(content)
	err = errors.Join(err, own(dir, temporary, e), unix.Fchmod(fd, e.Mode), file.Close())
	if err == nil {
		err = rename(dir, temporary, base)
	}
	if err != nil {
		_ = unix.Unlinkat(int(dir.Fd()), temporary, 0)
	}
	return err
}

// rename moves a file over what is there, also over a directory.
func rename(dir *os.File, from, to string) error {
	err := unix.Renameat(int(dir.Fd()), from, int(dir.Fd()), to)
	if !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EEXIST) {
		return err
	}
	if err := removeAll(dir, to); err != nil {
		return err
	}
	return unix.Renameat(int(dir.Fd()), from, int(dir.Fd()), to)
}

// own gives a file back to its owner, where we are root and could.
func own(dir *os.File, base string, e Entry) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return unix.Fchownat(int(dir.Fd()), base, e.UID, e.GID, unix.AT_SYMLINK_NOFOLLOW)
}
