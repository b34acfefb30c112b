package confine

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many symlinks one path may go through, as in the kernel.
const maxLinks = 40

// put attaches one item. The attributes are set afterwards where the tree came
// from the supervisor: only then is it a mount of ours.
func (v *view) put(it item) error {
	if it.tree == nil {
		return v.link(it.link, it.mount.Target)
	}
	defer it.tree.Close()
	fd, err := v.place(it.mount.Target, it.dir, maxLinks)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := attach(it.tree, fd, ""); err != nil {
		return fmt.Errorf("move_mount: %w", err)
	}
	want := uint64(attrs)
	if it.mount.ReadOnly {
		want |= unix.MOUNT_ATTR_RDONLY
	}
	if err := setAttrs(it.tree, want); err != nil {
		return err
	}
	if it.mount.Steady && it.mount.ReadOnly && it.dir {
		return v.steady(it.mount.Target)
	}
	return nil
}

// link makes a symlink, unless the same one is there.
func (v *view) link(to, at string) error {
	dir, name := split2(at)
	parent, err := v.place(dir, true, maxLinks)
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	if have, ok := readlink(parent, name); ok && have == to {
		return nil
	}
	if !v.isOwn(parent) {
		return notOurs(dir)
	}
	return unix.Symlinkat(to, parent, name)
}

// place opens a mount point, following symlinks inside the view, and makes it
// where the view itself has nothing there: also at the end of a symlink that
// leads nowhere, as /etc/resolv.conf does when /run is not in the view.
func (v *view) place(path string, dir bool, links int) (int, error) {
	fd, err := openat2(unix.AT_FDCWD, path, unix.O_PATH, 0)
	if err == nil {
		return ofKind(fd, dir, path)
	}
	if err != unix.ENOENT {
		return -1, err
	}
	up, name := split2(path)
	if links == 0 || name == "" || name == "." || name == ".." {
		return -1, unix.ELOOP
	}
	parent, err := v.place(up, true, links-1)
	if err != nil {
		return -1, err
	}
	defer unix.Close(parent)
	if to, ok := readlink(parent, name); ok {
		if !strings.HasPrefix(to, "/") {
			to = up + "/" + to // not cleaned: ".." after a symlink is the kernel's to resolve
		}
		return v.place(to, dir, links-1)
	}
	if !v.isOwn(parent) {
		return -1, notOurs(up)
	}
	if err := makePoint(parent, name, dir); err != nil {
		return -1, err
	}
	return openat2(parent, name, unix.O_PATH|unix.O_NOFOLLOW, 0)
}

func ofKind(fd int, dir bool, path string) (int, error) {
	is, err := isDir(fd)
	if err == nil && is == dir {
		return fd, nil
	}
	unix.Close(fd)
	if err != nil {
		return -1, err
	}
	if is {
		return -1, fmt.Errorf("%s is a directory: %w", path, unix.EISDIR)
	}
	return -1, fmt.Errorf("%s is a file: %w", path, unix.ENOTDIR)
}

func makePoint(parent int, name string, dir bool) error {
	if dir {
		return unix.Mkdirat(parent, name, 0o755)
	}
	return unix.Mknodat(parent, name, unix.S_IFREG|0o444, 0)
}

func (v *view) isOwn(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && slices.Contains(v.own, st.Dev)
}

// notOurs refuses to make anything on a file system of the host.
func notOurs(dir string) error {
	return fmt.Errorf("does not exist, and %s is not the sandbox's to make it in: %w", dir, unix.EROFS)
}

// split2 is path.Split without cleaning; the directory of "/x" is "/".
func split2(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return "/", path[i+1:]
	}
	return path[:i], path[i+1:]
}
