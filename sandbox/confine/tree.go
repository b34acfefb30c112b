package confine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"exeat/sandbox/reexec"
)

// Self is the mount that shows this very binary as /exeat/bin/exeat.
func Self() (Mount, error) {
	m := Mount{Target: "/exeat/bin/exeat", ReadOnly: true}
	path, err := os.Executable()
	if err != nil {
		return m, fmt.Errorf("find this binary: %w", err)
	}
	m.Source = path
	if os.Geteuid() == 0 {
		m.Tree, err = OpenTree(path)
	}
	return m, err
}

// OpenTree copies what path shows, with all that is mounted below, for a
// [Mount]: a root supervisor opens what the sandbox's uid cannot reach. No
// directory of path may be a symlink, nor path itself. It needs CAP_SYS_ADMIN.
func OpenTree(path string) (*os.File, error) {
	fd, err := openat2(unix.AT_FDCWD, path, unix.O_PATH, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return nil, sourceError(path, err)
	}
	defer unix.Close(fd)
	tree, err := copyTree(fd, "")
	if err != nil {
		return nil, sourceError(path, err)
	}
	if err := detach(tree); err != nil {
		tree.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tree, nil
}

// detach makes a copy of the host's mounts private as well as harmless. On a
// machine with shared mounts, as systemd makes them, what is mounted below the
// copy inside would otherwise appear on the host, and the other way around
// (mount_namespaces(7), "Shared subtrees").
func detach(tree *os.File) error {
	a := unix.MountAttr{Attr_set: attrs, Propagation: unix.MS_PRIVATE}
	return mountCall("mount_setattr", unix.MountSetattr(int(tree.Fd()), "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &a))
}

// IDMapped is [OpenTree] with ids exchanged: what belongs to diskUID and diskGID
// on disk appears as hostUID's and hostGID's, and what those make lands on disk
// as diskUID's. Other owners appear as nobody. It needs root and a file system
// that can do it (mount_setattr(2), "ID-mapped mounts").
func IDMapped(path string, diskUID, diskGID, hostUID, hostGID int) (*os.File, error) {
	tree, err := OpenTree(path)
	if err != nil {
		return nil, err
	}
	userns, err := mapping(diskUID, diskGID, hostUID, hostGID)
	if err != nil {
		tree.Close()
		return nil, fmt.Errorf("map ids of %s: %w", path, err)
	}
	defer userns.Close()
	a := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(userns.Fd())}
	if err := unix.MountSetattr(int(tree.Fd()), "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &a); err != nil {
		tree.Close()
		return nil, idMapError(path, err)
	}
	return tree, nil
}

func idMapError(path string, err error) error {
	e := &StartError{Step: "map ids of " + path, Message: err.Error(), Errno: errnoOf(err)}
	switch {
	case errors.Is(err, unix.EINVAL):
		e.Message = "its file system cannot show files under another owner (no ID-mapped mounts)"
	case errors.Is(err, unix.EPERM):
		e.Message = "its file system was mounted outside of this container, whose root may not show its files under another owner"
	default:
		return e
	}
	e.Advice = "use a directory that belongs to an ordinary user: chown -R USER " + path
	return e
}

// mapping makes a user namespace that exists only to hold an id map. Its one
// process is this binary stopped at its first instruction (PTRACE_TRACEME) and
// killed: it never runs.
func mapping(diskUID, diskGID, hostUID, hostGID int) (*os.File, error) {
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	p, err := reexec.Command{Role: "init", Attr: &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: diskUID, HostID: hostUID, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: diskGID, HostID: hostGID, Size: 1}},
		Ptrace:      true,
		Pdeathsig:   syscall.SIGKILL,
	}}.Start()
	if err != nil {
		return nil, err
	}
	defer func() {
		p.Kill()
		p.Wait()
	}()
	return os.Open(fmt.Sprintf("/proc/%d/ns/user", p.Pid))
}
