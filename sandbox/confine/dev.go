package confine

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// deviceNodes are all that a sandbox has of the host's /dev.
func deviceNodes() []string { return []string{"null", "zero", "full", "random", "urandom", "tty"} }

func openNodes() (map[string]*os.File, error) {
	nodes := map[string]*os.File{}
	for _, n := range deviceNodes() {
		t, err := copyTree(unix.AT_FDCWD, "/dev/"+n)
		if err != nil {
			return nil, fmt.Errorf("/dev/%s: %w", n, err)
		}
		nodes[n] = t
	}
	return nodes, nil
}

// makeDev makes /dev: the nodes, a /dev/pts of its own, whose terminals are few
// because all sandboxes share the kernel's (kernel.pty.max), and a /dev/shm.
func makeDev(nodes map[string]*os.File, shm int64) error {
	dev, err := newMount("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, "mode=755", "size=1m")
	if err != nil {
		return err
	}
	defer dev.Close()
	if err := os.Mkdir("/dev", 0o755); err != nil {
		return err
	}
	if err := attach(dev, unix.AT_FDCWD, "/dev"); err != nil {
		return fmt.Errorf("mount /dev: %w", err)
	}
	for name, node := range nodes {
		at := "/dev/" + name
		if err := unix.Mknod(at, unix.S_IFREG|0o444, 0); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if err := attach(node, unix.AT_FDCWD, at); err != nil {
			return fmt.Errorf("mount %s: %w", at, err)
		}
		node.Close()
	}
	if err := mountBelow("/dev/pts", "devpts", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, "ptmxmode=0666", "mode=620", "max=256"); err != nil {
		return err
	}
	if err := mountBelow("/dev/shm", "tmpfs", attrs, tmpfsOptions(shm)...); err != nil {
		return err
	}
	return devLinks()
}

func mountBelow(at, kind string, attributes int, options ...string) error {
	m, err := newMount(kind, attributes, options...)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := os.Mkdir(at, 0o755); err != nil {
		return err
	}
	if err := attach(m, unix.AT_FDCWD, at); err != nil {
		return fmt.Errorf("mount %s: %w", at, err)
	}
	return nil
}

func devLinks() error {
	for _, l := range []Link{
		{"/dev/ptmx", "pts/ptmx"},
		{"/dev/fd", "/proc/self/fd"},
		{"/dev/stdin", "/proc/self/fd/0"},
		{"/dev/stdout", "/proc/self/fd/1"},
		{"/dev/stderr", "/proc/self/fd/2"},
	} {
		if err := os.Symlink(l.Target, l.Path); err != nil {
			return err
		}
	}
	return nil
}
