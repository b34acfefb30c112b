package confine

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// steady lays a directory of the host into a file system of our own, overlayfs
// with nothing above it, and mounts that over it. A mount on a file goes away
// when the file is replaced (rename(2) by a package manager or a DHCP client),
// whoever's name space the mount is in: the sandbox would then read the host's
// /etc/hosts where ours was. Names in the overlay are not the host's to replace.
//
// The kernel refuses it where something is mounted below the directory that an
// outer name space locked (a container's own /etc/hosts), where file systems are
// stacked too deep, or where there is no overlayfs: then the mount stays as it
// is. Nothing the sandbox may do depends on it.
func (v *view) steady(dir string) error {
	// Two layers at least, or it must be writable: the upper one is empty.
	empty, err := newTmpfs("mode=755", "size=4k")
	if err != nil {
		return err
	}
	defer empty.Close()
	if err := os.Mkdir(stage, 0o755); err != nil {
		return err
	}
	if err := attach(empty, unix.AT_FDCWD, stage); err != nil {
		return err
	}
	if overlay, err := newMount("overlay", attrs|unix.MOUNT_ATTR_RDONLY, "lowerdir="+stage+":"+dir); err == nil {
		defer overlay.Close()
		if err := attach(overlay, unix.AT_FDCWD, dir); err != nil {
			return err
		}
	}
	return errors.Join(unix.Unmount(stage, unix.MNT_DETACH), os.Remove(stage))
}
