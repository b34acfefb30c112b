package confine

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"exeat/sandbox/netns"
)

// attrs hold for every mount of a view: no set-uid program and no device node of
// the host works in it.
const attrs = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV

// view is the file system of a sandbox while it is built.
type view struct {
	own     []uint64 // devices of the tmpfs in which mount points may be made
	leftOut []string
}

// item is something ready to be put at its place.
type item struct {
	mount Mount
	tree  *os.File // detached; nil for a link
	link  string   // where a symlink points
	dir   bool
}

// buildView makes the view, moves the process into it, and returns its /proc.
//
// Everything that comes from the host is copied (open_tree(2)) before the pivot
// and attached after it. So a symlink met while attaching, which a sandbox may
// have left in its workspace, is resolved inside the view and never on the host.
func buildView(in order, r *report) (*os.File, error) {
	unix.Umask(0)
	defer unix.Umask(0o022)
	v := &view{}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("detach mounts from the host's: %w", err)
	}
	items, err := v.collect(in.spec.Mounts)
	if err != nil {
		return nil, err
	}
	nodes, err := openNodes()
	if err != nil {
		return nil, err
	}
	proc, err := newProc()
	if err != nil {
		return nil, err
	}
	if err := v.pivot(); err != nil {
		return nil, err
	}
	if err := v.furnish(in.spec, items, nodes, proc); err != nil {
		return nil, err
	}
	if err := v.overlay(in); err != nil {
		return nil, err
	}
	if err := v.finish(in.spec.Limits, r); err != nil {
		return nil, err
	}
	r.LeftOut = v.leftOut
	return proc, nil
}

// collect copies the sources. Shallow targets come first: a deeper one lies on top.
func (v *view) collect(mounts []Mount) ([]item, error) {
	var items []item
	for _, m := range mounts {
		it, err := open(m)
		if m.Optional && missing(err) {
			v.leftOut = append(v.leftOut, m.Target)
			continue
		}
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(depth(a.mount.Target), depth(b.mount.Target)) })
	return items, nil
}

func depth(path string) int { return strings.Count(path, "/") }

// pivot makes an empty tmpfs the root and lets go of the host's.
func (v *view) pivot() error {
	root, err := newTmpfs("mode=755", "size=64m")
	if err != nil {
		return err
	}
	defer root.Close()
	// Any directory does for the moment until pivot_root; /proc is always there.
	if err := attach(root, unix.AT_FDCWD, "/proc"); err != nil {
		return fmt.Errorf("attach the new root: %w", err)
	}
	if err := root.Chdir(); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the host's root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	return v.claim(root)
}

// claim lets mount points be made on a tmpfs of ours. On anything else they
// would be made on the host's disk.
func (v *view) claim(f *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	v.own = append(v.own, st.Dev)
	return nil
}

// furnish puts everything in place.
func (v *view) furnish(spec *Spec, items []item, nodes map[string]*os.File, proc *os.File) error {
	if err := v.makeTmp(spec.Limits.tmp()); err != nil {
		return err
	}
	if err := makeDev(nodes, spec.Limits.shm()); err != nil {
		return err
	}
	for _, it := range items {
		if err := v.put(it); err != nil {
			return fmt.Errorf("mount %s: %w", it.mount.Target, err)
		}
	}
	if err := v.pin(spec.Pins); err != nil {
		return err
	}
	for _, l := range spec.Links {
		if err := v.link(l.Target, l.Path); err != nil {
			return fmt.Errorf("link %s: %w", l.Path, err)
		}
	}
	if err := os.MkdirAll("/proc", 0o555); err != nil {
		return err
	}
	return attach(proc, unix.AT_FDCWD, "/proc")
}

func (v *view) makeTmp(size int64) error {
	tmp, err := newTmpfs(tmpfsOptions(size)...)
	if err != nil {
		return err
	}
	defer tmp.Close()
	if err := os.Mkdir("/tmp", 0o755); err != nil {
		return err
	}
	if err := attach(tmp, unix.AT_FDCWD, "/tmp"); err != nil {
		return fmt.Errorf("mount /tmp: %w", err)
	}
	return v.claim(tmp)
}

// finish switches user namespaces off, bounds what namespaces bound, masks
// /proc, and makes root and /dev read-only.
func (v *view) finish(l Limits, r *report) error {
	limit, err := forbidUserNamespaces()
	if err != nil {
		return err
	}
	r.UserNamespaces = limit
	if err := boundNamespaces(l, r); err != nil {
		return err
	}
	if r.NoRedirect != "" {
		if err := netns.AllowLowPorts(); err != nil {
			return err
		}
	}
	if err := hardenProc(); err != nil {
		return err
	}
	for _, p := range []string{"/", "/dev"} {
		a := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
		if err := unix.MountSetattr(unix.AT_FDCWD, p, 0, &a); err != nil {
			return fmt.Errorf("make %s read-only: %w", p, err)
		}
	}
	return nil
}
