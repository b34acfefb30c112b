package tree

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// resolve keeps every step inside of the tree: not through a symlink, which may
// have taken a directory's place since it was listed, and not into a mount,
// whose content belongs to somebody else (openat2(2)).
const resolve = unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV | unix.RESOLVE_BENEATH

// openDir opens the directory name of dir for reading.
func openDir(dir int, name string) (*os.File, error) {
	fd, err := openat2(dir, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

func openat2(dir int, name string, flags uint64) (int, error) {
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC | unix.O_NOFOLLOW, Resolve: resolve}
	for {
		fd, err := unix.Openat2(dir, name, &how)
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return fd, err
		}
	}
}

// unlock lets the owner into a directory. The mode is that of the very inode
// that was opened (O_PATH needs no right to it): by name it could be another by now.
func unlock(dir int, name string) error {
	fd, err := openat2(dir, name, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd)
	return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), 0o700)
}
