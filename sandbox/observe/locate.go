package observe

import (
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// found is how far a path goes in the sandbox's view.
type found struct {
	at       string // the last file there is, symlinks resolved
	rest     string // what is missing after it; empty when it is all there
	readOnly bool   // the mount it is on
	own      bool   // it is part of the view's empty frame, not of any mount
	tmp      bool   // it is in the sandbox's own /tmp, where a host's directory may be missing too
	special  bool   // a device, pipe or socket: writing to it is no change of the view
}

func (f found) path() string { return path.Join(f.at, f.rest) }

// maxLinks is how many symlinks a lookup follows, as for the kernel.
const maxLinks = 40

// locate follows a path as far as it exists in the view. A symlink into nowhere
// leads to where it points: that is what the program asked for.
func (o *Observer) locate(name string, follow bool) (found, bool) {
	for range maxLinks {
		file, prefix, rest, ok := o.deepest(name)
		if !ok {
			return found{}, false
		}
		target, err := readlinkAt(file)
		if err == nil && (rest != "" || follow) {
			unix.Close(file)
			if !strings.HasPrefix(target, "/") {
				target = path.Join(path.Dir(prefix), target)
			}
			name = path.Join(target, rest)
			continue
		}
		f, ok := o.describe(file, rest)
		unix.Close(file)
		return f, ok
	}
	return found{}, false
}

// deepest opens the longest beginning of a path that exists, itself not followed.
func (o *Observer) deepest(name string) (file int, prefix, rest string, ok bool) {
	for prefix = name; ; prefix = path.Dir(prefix) {
		how := unix.OpenHow{Flags: unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT}
		file, err := unix.Openat2(o.root, prefix, &how)
		if err == nil {
			return file, prefix, strings.TrimPrefix(strings.TrimPrefix(name, prefix), "/"), true
		}
		if prefix == "/" {
			return -1, "", "", false
		}
	}
}

func (o *Observer) describe(file int, rest string) (found, bool) {
	var st unix.Stat_t
	var fs unix.Statfs_t
	if unix.Fstat(file, &st) != nil || unix.Fstatfs(file, &fs) != nil {
		return found{}, false
	}
	at, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(file))
	if err != nil || !strings.HasPrefix(at, "/") {
		return found{}, false
	}
	kind := st.Mode & unix.S_IFMT
	return found{
		at: at, rest: rest, readOnly: fs.Flags&unix.ST_RDONLY != 0, own: st.Dev == o.device, tmp: st.Dev == o.tmp,
		special: kind != unix.S_IFREG && kind != unix.S_IFDIR && kind != unix.S_IFLNK,
	}, true
}

// readlinkAt fails for what is no symlink.
func readlinkAt(file int) (string, error) {
	var buffer [unix.PathMax]byte
	n, err := unix.Readlinkat(file, "", buffer[:])
	return string(buffer[:max(n, 0)]), err
}

// open says at once, while the call is held, that nothing was refused: a file to
// be read is there, or one to be changed lies where Landlock and the mount allow
// it and no symlink leads away. It is what happens most.
func (o *Observer) open(name string, writes bool) bool {
	if !writes {
		_, err := o.mount(name, 0)
		return err == nil
	}
	if !withinAny(name, o.config.Writable) {
		return false
	}
	flags, err := o.mount(name, unix.RESOLVE_NO_SYMLINKS)
	if err == unix.ENOENT {
		flags, err = o.mount(path.Dir(name), unix.RESOLVE_NO_SYMLINKS)
	}
	return err == nil && flags&unix.ST_RDONLY == 0
}

// mount returns the flags of the mount a file of the view is on.
func (o *Observer) mount(name string, resolve uint64) (flags int64, err error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | resolve}
	file, err := unix.Openat2(o.root, name, &how)
	if err != nil {
		return 0, err
	}
	defer unix.Close(file)
	var fs unix.Statfs_t
	err = unix.Fstatfs(file, &fs)
	return fs.Flags, err
}
