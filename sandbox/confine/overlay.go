package confine

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// stage is where the contents of files lie until they are bound; nothing of it
// is left in the view.
const stage = "/.exeat"

// overlay binds the files and masks over what is in the view.
func (v *view) overlay(in order) error {
	if err := v.bindFiles(in); err != nil {
		return err
	}
	for _, p := range in.spec.Masks {
		if err := mask(p); err != nil {
			return fmt.Errorf("mask %s: %w", p, err)
		}
	}
	return nil
}

func (v *view) bindFiles(in order) error {
	if len(in.spec.Files) == 0 {
		return nil
	}
	shelf, err := newTmpfs("mode=755", fmt.Sprintf("size=%d", 2*contentsMax))
	if err != nil {
		return err
	}
	defer shelf.Close()
	if err := os.Mkdir(stage, 0o755); err != nil {
		return err
	}
	if err := attach(shelf, unix.AT_FDCWD, stage); err != nil {
		return err
	}
	for i, f := range in.spec.Files {
		err := v.bindFile(f, in.contents[i], strconv.Itoa(i))
		if f.Optional && (missing(err) || errors.Is(err, unix.EROFS)) {
			v.leftOut = append(v.leftOut, f.Path)
			continue
		}
		if err != nil {
			return fmt.Errorf("file %s: %w", f.Path, err)
		}
	}
	if err := unix.Unmount(stage, unix.MNT_DETACH); err != nil {
		return err
	}
	return os.Remove(stage)
}

func (v *view) bindFile(f File, content []byte, name string) error {
	at, err := v.place(f.Path, false, maxLinks)
	if err != nil {
		return err
	}
	defer unix.Close(at)
	mode := os.FileMode(f.Mode).Perm()
	if mode == 0 {
		mode = 0o444
	}
	name = stage + "/" + name
	if err := os.WriteFile(name, content, mode); err != nil {
		return err
	}
	tree, err := copyTree(unix.AT_FDCWD, name)
	if err != nil {
		return err
	}
	defer tree.Close()
	if err := setAttrs(tree, attrs|unix.MOUNT_ATTR_RDONLY); err != nil {
		return err
	}
	return attach(tree, at, "")
}

// mask shows an empty directory or file in place of what is at p, if anything is.
func mask(p string) error {
	fd, err := openat2(unix.AT_FDCWD, p, unix.O_PATH, 0)
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	dir, err := isDir(fd)
	if err != nil {
		return err
	}
	var empty *os.File
	if dir {
		empty, err = newMount("tmpfs", attrs|unix.MOUNT_ATTR_RDONLY, "mode=555", "size=4k")
	} else {
		empty, err = copyTree(unix.AT_FDCWD, "/dev/null")
	}
	if err != nil {
		return err
	}
	defer empty.Close()
	return attach(empty, fd, "")
}
