package baseline

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Tree is an open working directory.
type Tree struct {
	dir  string // its real path
	root *os.File
	max  int // names that a search looks at
}

// Open opens a working directory. The caller closes it.
func Open(dir string) (*Tree, error) {
	fd, err := openat2(unix.AT_FDCWD, dir, unix.O_RDONLY|unix.O_DIRECTORY, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return nil, &os.PathError{Op: "open workdir", Path: dir, Err: err}
	}
	return &Tree{dir: dir, root: os.NewFile(uintptr(fd), dir), max: searchMax}, nil
}

// Close lets go of the directory.
func (t *Tree) Close() error { return t.root.Close() }

// open opens a path of the tree; no part of it may be a symlink, except the
// last with O_PATH|O_NOFOLLOW.
func (t *Tree) open(name string, flags uint64) (int, error) {
	return openat2(int(t.root.Fd()), name, flags|unix.O_NOFOLLOW, unix.RESOLVE_BENEATH|unix.RESOLVE_NO_SYMLINKS)
}

// openDir opens the directory a path lies in, and returns the name in it.
func (t *Tree) openDir(name string) (*os.File, string, error) {
	dir, base := path.Split(name)
	fd, err := t.open(path.Clean("./"+dir), unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, "", err
	}
	return procFile(fd), base, nil
}

// procFile names a descriptor so that package os can find what lies in it:
// through /proc, whatever became of the path it was opened by.
func procFile(fd int) *os.File { return os.NewFile(uintptr(fd), "/proc/self/fd/"+strconv.Itoa(fd)) }

func openat2(dir int, name string, flags, resolve uint64) (int, error) {
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: resolve | unix.RESOLVE_NO_MAGICLINKS}
	for {
		fd, err := unix.Openat2(dir, name, &how)
		if err != unix.EINTR && err != unix.EAGAIN {
			return fd, err
		}
	}
}

// follow says where a symlink of the tree leads: to which path of the tree, or
// out of it. Neither means nowhere. The kernel walks it and stops at the edge:
// that "a/../.." stays inside cannot be read off the text when a is a symlink.
func (t *Tree) follow(name, target string) (to string, out bool) {
	if path.IsAbs(target) {
		rest, inside := strings.CutPrefix(path.Clean(target)+"/", t.dir+"/")
		if !inside {
			return "", true
		}
		name = path.Clean("./" + rest)
	}
	fd, err := openat2(int(t.root.Fd()), name, unix.O_PATH, unix.RESOLVE_BENEATH)
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENOTDIR):
		return "", false
	case err != nil:
		return "", true
	}
	file := procFile(fd)
	defer file.Close()
	real, err := os.Readlink(file.Name())
	rest, inside := strings.CutPrefix(real, t.dir+"/")
	if err != nil || !inside {
		return "", false // the tree itself
	}
	return rest, false
}
