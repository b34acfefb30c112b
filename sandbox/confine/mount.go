package confine

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// newTmpfs makes a tmpfs that is attached nowhere yet; options are key=value.
func newTmpfs(options ...string) (*os.File, error) { return newMount("tmpfs", attrs, options...) }

// newProc makes the /proc of our pid namespace. The kernel allows it only while
// a whole /proc is visible, so it comes before the pivot; a container that masks
// parts of its own /proc is refused.
func newProc() (*os.File, error) {
	f, err := newMount("proc", attrs|unix.MOUNT_ATTR_NOEXEC)
	if errors.Is(err, unix.EPERM) {
		return nil, &StartError{
			Step: "build the view", Errno: unix.EPERM,
			Message: "a fresh /proc is not permitted, because parts of the outer one are masked (as in Docker), and the outer one would show the processes outside",
			Advice:  "docker run --security-opt systempaths=unconfined ...   (podman: --security-opt unmask=ALL)",
		}
	}
	return f, err
}

// newMount makes a detached file system (fsopen(2), fsmount(2)).
func newMount(kind string, attributes int, options ...string) (*os.File, error) {
	fs, err := unix.Fsopen(kind, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, mountCall("fsopen", err))
	}
	defer unix.Close(fs)
	for _, o := range append([]string{"source=" + kind}, options...) {
		key, value, _ := strings.Cut(o, "=")
		if err := unix.FsconfigSetString(fs, key, value); err != nil {
			return nil, fmt.Errorf("%s option %s: %w", kind, o, err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return nil, fmt.Errorf("make %s: %w", kind, err)
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, attributes)
	if err != nil {
		return nil, fmt.Errorf("mount %s: %w", kind, err)
	}
	return os.NewFile(uintptr(fd), kind), nil
}

// attach moves a detached mount to a path of dir; an empty path is dir itself.
func attach(tree *os.File, dir int, to string) error {
	flags := unix.MOVE_MOUNT_F_EMPTY_PATH
	if to == "" {
		flags |= unix.MOVE_MOUNT_T_EMPTY_PATH
	}
	err := unix.MoveMount(int(tree.Fd()), "", dir, to, flags)
	if err == unix.ENOSYS {
		return mountCall("move_mount", err)
	}
	return err
}

// copyTree copies what path of dir shows, with all that is mounted below.
func copyTree(dir int, path string) (*os.File, error) {
	flags := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE | unix.AT_SYMLINK_NOFOLLOW)
	if path == "" {
		flags |= unix.AT_EMPTY_PATH
	}
	fd, err := unix.OpenTree(dir, path, flags)
	if err != nil {
		return nil, mountCall("open_tree", err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

func setAttrs(tree *os.File, attributes uint64) error {
	a := unix.MountAttr{Attr_set: attributes}
	return mountCall("mount_setattr", unix.MountSetattr(int(tree.Fd()), "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &a))
}

// mountCall explains the two answers that are not about a mount: the kernel has
// no such call, or a filter outside refuses it.
func mountCall(call string, err error) error {
	e := &StartError{Step: "build the view", Errno: errnoOf(err)}
	switch {
	case errors.Is(err, unix.ENOSYS):
		e.Message = fmt.Sprintf("this kernel has no %s(2), with which a sandbox's view is built", call)
		e.Advice = "use Linux 5.12 or later, outside of containers that restrict " + call + "(2)"
	case errors.Is(err, unix.EPERM):
		e.Message = fmt.Sprintf("%s(2), with which a sandbox's view is built, is not permitted here (a container's seccomp filter or a security module)", call)
		e.Advice = "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined ..."
	default:
		return os.NewSyscallError(call, err)
	}
	return e
}

// open copies the source of one mount, or reads it where it is a symlink.
func open(m Mount) (item, error) {
	if m.Tree != nil {
		dir, err := isDir(int(m.Tree.Fd()))
		return item{mount: m, tree: m.Tree, dir: dir}, err
	}
	parent, err := openat2(unix.AT_FDCWD, path.Dir(m.Source), unix.O_PATH|unix.O_DIRECTORY, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return item{}, sourceError(m.Source, err)
	}
	defer unix.Close(parent)
	name := path.Base(m.Source)
	if name == "/" {
		return item{}, sourceError(m.Source, unix.EINVAL)
	}
	if to, ok := readlink(parent, name); ok {
		return item{mount: m, link: to}, nil
	}
	tree, err := copyTree(parent, name)
	if err != nil {
		return item{}, sourceError(m.Source, err)
	}
	dir, err := isDir(int(tree.Fd()))
	return item{mount: m, tree: tree, dir: dir}, err
}

// sourceError says what is the matter with a source, without losing the errno.
func sourceError(source string, err error) error {
	switch {
	case errors.Is(err, unix.ELOOP):
		return fmt.Errorf("%s: a directory on the way is a symlink: %w", source, err)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%s: the sandbox's user cannot reach it: %w", source, err)
	}
	return fmt.Errorf("%s: %w", source, err)
}

func missing(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) }

func isDir(fd int) (bool, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	return st.Mode&unix.S_IFMT == unix.S_IFDIR, os.NewSyscallError("fstat", err)
}

func readlink(dir int, name string) (string, bool) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, name, buf)
	if err != nil {
		return "", false
	}
	return string(buf[:n]), true
}

func openat2(dir int, path string, flags, resolve uint64) (int, error) {
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: resolve | unix.RESOLVE_NO_MAGICLINKS}
	for {
		fd, err := unix.Openat2(dir, path, &how)
		switch err {
		case unix.EINTR, unix.EAGAIN:
		case unix.ENOSYS, unix.EPERM:
			return -1, mountCall("openat2", err)
		default:
			return fd, err
		}
	}
}
