package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// DirError says why a directory cannot be trusted with state or secrets.
type DirError struct {
	Path    string
	Problem string
	Err     error // the cause; may be nil

	hint string
}

func (e *DirError) Error() string { return fmt.Sprintf("directory %s %s", e.Path, e.Problem) }

func (e *DirError) Unwrap() error { return e.Err }

// Hint is what to do about it.
func (e *DirError) Hint() string { return e.hint }

// Prepare creates the directories that do not exist yet, for their owner only,
// and checks all of them. It returns a *DirError for the first that another user
// could read, write or replace, and for one on a network file system.
func Prepare(d Dirs) error {
	for _, path := range d.all() {
		if !filepath.IsAbs(path) {
			return &DirError{Path: path, Problem: "is not an absolute path"}
		}
		if err := os.MkdirAll(path, 0o700); err != nil {
			return &DirError{Path: path, Problem: fmt.Sprintf("cannot be made: %v", err), Err: err, hint: "ls -ld " + quote(nearest(path))}
		}
		if err := checkDir(path); err != nil {
			return err
		}
	}
	return nil
}

// Check says what [Prepare] would, and makes nothing.
func Check(d Dirs) error {
	for _, path := range d.all() {
		if !filepath.IsAbs(path) {
			return &DirError{Path: path, Problem: "is not an absolute path"}
		}
		err := checkDir(path)
		if errors.Is(err, unix.ENOENT) {
			err = checkMakeable(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkMakeable says whether a directory that does not exist could be made.
func checkMakeable(path string) error {
	above := nearest(path)
	fd, err := unix.Open(above, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(fd)
		err = unix.Faccessat(unix.AT_FDCWD, above, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	}
	if err != nil {
		return &DirError{Path: path, Problem: fmt.Sprintf("cannot be made: %v", err), Err: err, hint: "ls -ld " + quote(above)}
	}
	return checkLocal(path, fd)
}

// nearest is the closest directory above path that exists: the one that is in the way.
func nearest(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

// checkDir looks at the directory through a descriptor, so that what is judged is
// one directory and not whatever the path names a moment later.
func checkDir(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
		return &DirError{Path: path, Problem: "is not a directory but a file or a symbolic link", Err: err, hint: "ls -ld " + quote(path)}
	case err != nil:
		return &DirError{Path: path, Problem: fmt.Sprintf("cannot be opened: %v", err), Err: err, hint: "ls -ld " + quote(path)}
	}
	defer unix.Close(fd)
	if err := checkOwner(path, fd); err != nil {
		return err
	}
	return checkLocal(path, fd)
}

func checkOwner(path string, fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &DirError{Path: path, Problem: fmt.Sprintf("cannot be examined: %v", err), Err: err}
	}
	if euid := os.Geteuid(); int(st.Uid) != euid {
		problem := fmt.Sprintf("belongs to uid %d, not to uid %d who runs this", st.Uid, euid)
		return &DirError{Path: path, Problem: problem, hint: fmt.Sprintf("sudo chown -R %d %s", euid, quote(path))}
	}
	if st.Mode&0o077 != 0 {
		problem := fmt.Sprintf("is open to other users (mode %04o)", st.Mode&0o7777)
		return &DirError{Path: path, Problem: problem, hint: "chmod 700 " + quote(path)}
	}
	return nil
}

// checkLocal refuses network file systems: SQLite's write-ahead log needs memory
// shared between all its users (https://www.sqlite.org/wal.html), and flock is
// not kept between machines everywhere.
func checkLocal(path string, fd int) error {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return &DirError{Path: path, Problem: fmt.Sprintf("cannot be examined: %v", err), Err: err}
	}
	remote := []uint32{
		unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC,
		unix.V9FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC, unix.CODA_SUPER_MAGIC,
	}
	if slices.Contains(remote, uint32(fs.Type)) {
		return &DirError{
			Path: path, Problem: "is on a network file system, where locks cannot be relied on",
			hint: "XDG_STATE_HOME=/local/dir XDG_CONFIG_HOME=/local/dir exeat ...",
		}
	}
	return nil
}
