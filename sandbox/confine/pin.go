package confine

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Pin makes a path of the view, which a mount brought in, a mount of its own:
// from inside it can be neither renamed nor removed. Where it is ReadOnly nothing
// of it can be changed either.
type Pin struct {
	Path     string
	ReadOnly bool
}

// MarshalText encodes a pin: its path may be any bytes, which JSON's text is not.
func (p Pin) MarshalText() ([]byte, error) {
	if p.ReadOnly {
		return fmt.Appendf(nil, "ro %x", p.Path), nil
	}
	return fmt.Appendf(nil, "rw %x", p.Path), nil
}

// UnmarshalText is its inverse.
func (p *Pin) UnmarshalText(text []byte) error {
	how, name, _ := strings.Cut(string(text), " ")
	path, err := hex.DecodeString(name)
	p.Path, p.ReadOnly = string(path), how == "ro"
	return err
}

// pin lays each path over itself, shallow ones first. It is a copy of the mount
// that is there, so the ids a root supervisor exchanged in it stay exchanged. No
// directory on the way may be a symlink, nor the path: what a sandbox planted
// before this start leads nowhere. What lies where the sandbox's uid may not go is
// left out; the caller sees that in [Box.Mountinfo].
func (v *view) pin(pins []Pin) error {
	pins = slices.Clone(pins)
	slices.SortStableFunc(pins, func(a, b Pin) int { return cmp.Compare(depth(a.Path), depth(b.Path)) })
	for _, p := range pins {
		err := pinPath(p)
		if errors.Is(err, unix.EACCES) {
			continue // where even init may not go nothing inside can change a file
		}
		if err != nil {
			return fmt.Errorf("protect %s: %w", p.Path, err)
		}
	}
	return nil
}

func pinPath(p Pin) error {
	at, err := openat2(unix.AT_FDCWD, p.Path, unix.O_PATH|unix.O_NOFOLLOW, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return err
	}
	defer unix.Close(at)
	if _, link := readlink(at, ""); link {
		return unix.ELOOP // it can be mounted on, on some kernels
	}
	tree, err := copyTree(at, "")
	if err != nil {
		return err
	}
	defer tree.Close()
	if p.ReadOnly {
		if err := setAttrs(tree, attrs|unix.MOUNT_ATTR_RDONLY); err != nil {
			return err
		}
	}
	return attach(tree, at, "")
}

// Mountinfo opens the list of the view's mounts, see proc_pid_mountinfo(5). Its
// paths are those of the view. Poll reports each change of it as an error.
func (b *Box) Mountinfo() (*os.File, error) {
	fd, err := unix.Openat(int(b.Proc.Fd()), "1/mountinfo", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("mounts of the sandbox: %w", err)
	}
	return os.NewFile(uintptr(fd), "mountinfo"), nil
}
