package sockets

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// from is where the lookup of a path begins.
type from struct {
	root  int
	dir   int    // -1: at the root
	where string // the name of dir inside, where it has one
	rest  string // the path from there on; empty is dir itself
}

// openFrom reads the held thread with this process's own rights: the sandbox's
// uid may not look into /proc of the host.
func openFrom(tid int, name string) (*from, unix.Errno) {
	proc := "/proc/" + strconv.Itoa(tid)
	f := &from{root: -1, dir: -1, rest: name}
	var err error
	if f.root, err = unix.Open(proc+"/root", unix.O_PATH|unix.O_CLOEXEC, 0); err != nil {
		return nil, unix.EACCES
	}
	link, own := proc+"/cwd", !strings.HasPrefix(name, "/")
	if !own {
		link, f.rest, own = ownLink(proc, name)
	}
	if !own {
		f.rest = name
		return f, 0
	}
	if f.dir, err = unix.Open(link, unix.O_PATH|unix.O_CLOEXEC, 0); err != nil {
		f.close()
		return nil, errnoOf(err)
	}
	f.where, _ = os.Readlink(link) // without a name, the path may not leave it
	return f, 0
}

func (f *from) close() {
	for _, fd := range []int{f.root, f.dir} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// resolve opens what the path means, symlinks followed, and never anything
// outside the thread's root: even that something exists there is not the
// sandbox's to know. Where a path leaves the directory it begins at ("..", an
// absolute symlink), it is resolved anew from the root by that one's name.
func (f *from) resolve() (file int, errno unix.Errno) {
	switch {
	case f.dir < 0:
		file, errno = open(f.root, f.rest, unix.RESOLVE_IN_ROOT)
	case f.rest == "":
		return open(f.dir, "", 0)
	default:
		file, errno = open(f.dir, f.rest, unix.RESOLVE_BENEATH)
		if errno == unix.EXDEV && strings.HasPrefix(f.where, "/") {
			file, errno = open(f.root, strings.TrimSuffix(f.where, "/")+"/"+f.rest, unix.RESOLVE_IN_ROOT)
		}
	}
	if errno == unix.EXDEV { // a link of /proc that is not followed
		errno = unix.EACCES
	}
	return file, errno
}

// tries is how often a lookup is repeated that met a rename of a directory.
const tries = 8

func open(dir int, name string, how uint64) (file int, errno unix.Errno) {
	if name == "" {
		file, err := unix.FcntlInt(uintptr(dir), unix.F_DUPFD_CLOEXEC, 0)
		return file, errnoOf(err)
	}
	for range tries {
		file, err := unix.Openat2(dir, name, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: how})
		if errno = errnoOf(err); errno != unix.EAGAIN && errno != unix.EINTR {
			return file, errno
		}
	}
	return -1, errno
}

// ownLink recognises the links of /proc that lead to the thread's own places:
// programs name a socket whose path is too long as /proc/self/fd/5/NAME. Any
// other such link is refused by the lookup. This process is not in the
// sandbox's /proc, so "self" means nothing to it there.
func ownLink(proc, name string) (link, rest string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(path.Clean(name), "/"), "/")
	if len(parts) > 2 && parts[0] == "dev" && parts[1] == "fd" {
		parts = append([]string{"proc", "self", "fd"}, parts[2:]...)
	}
	if len(parts) < 3 || parts[0] != "proc" || !isSelf(proc, parts[1]) {
		return "", "", false
	}
	switch parts = parts[2:]; {
	case parts[0] == "root", parts[0] == "cwd":
		return proc + "/" + parts[0], path.Join(parts[1:]...), true
	case parts[0] == "fd" && len(parts) > 1 && isNumber(parts[1]):
		return proc + "/fd/" + parts[1], path.Join(parts[2:]...), true
	}
	return "", "", false
}

func isSelf(proc, name string) bool {
	return name == "self" || name == "thread-self" || isNumber(name) && name == groupOf(proc)
}

// groupOf is the thread's process as the sandbox counts: the last of NStgid in
// proc_pid_status(5).
func groupOf(proc string) string {
	text, err := os.ReadFile(proc + "/status")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if ids, ok := strings.CutPrefix(line, "NStgid:"); ok {
			all := strings.Fields(ids)
			return all[len(all)-1]
		}
	}
	return ""
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return err == nil
}

// errnoOf is the number behind an error of package unix.
func errnoOf(err error) unix.Errno {
	if err == nil {
		return 0
	}
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return errno
	}
	return unix.EACCES
}
