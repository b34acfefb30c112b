package baseline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Kind is what a path is.
type Kind string

// The kinds; Other are FIFOs, sockets and devices, Hidden what we may not look at.
const (
	File   Kind = "file"
	Dir    Kind = "directory"
	Link   Kind = "symbolic link"
	Other  Kind = "special file"
	Hidden Kind = "unreadable"
)

// Entry is the state of one hand-off file. Its path and target are hostile.
type Entry struct {
	Path   string // relative to the workdir
	Kind   Kind
	Mode   uint32 // permission bits
	UID    int
	GID    int
	Digest string // of the content; "" where it was not read
	Stat   string // what stat(2) says; changes with the content, and with more
	Target string // of a link
	Why    string // who runs or trusts it
	Born   int64  // nanoseconds since 1970; 0 where the file system does not say
	Links  uint64 // names of the file
	Loose  bool   // it counts because of what another file says
	Kept   bool   // its content is in the snapshot
	Pin    bool   // to be protected, a directory with all that is below it
}

const (
	// contentMax is how much of a file is kept for undoing, and read at all.
	contentMax = 1 << 20
	// contentsMax bounds what a snapshot reads and keeps of all files.
	contentsMax = 32 << 20
)

// look reads the state of a path; false says that nothing is there.
func (t *Tree) look(name string) (e Entry, there bool) {
	e = Entry{Path: name, Kind: Hidden}
	fd, err := t.open(name, unix.O_PATH)
	if err == unix.ENOENT || err == unix.ENOTDIR || err == unix.ELOOP {
		return e, false // behind a symlink, too: that is another path
	}
	if err != nil {
		e.Stat = err.Error()
		return e, true
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return e, true
	}
	e.Born, e.Links = born(fd), uint64(st.Nlink)
	e.Mode, e.UID, e.GID = st.Mode&0o7777, int(st.Uid), int(st.Gid)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		e.Kind = File
		// Only root can set the change time back, the modification time anybody.
		e.Stat = fmt.Sprintf("%d %d %d.%d", st.Ino, st.Size, st.Ctim.Sec, st.Ctim.Nsec)
	case unix.S_IFDIR:
		e.Kind = Dir
	case unix.S_IFLNK:
		e.Kind, e.Mode, e.Target = Link, 0, readlink(fd)
	default:
		e.Kind, e.Stat = Other, fmt.Sprintf("%o", st.Mode&unix.S_IFMT)
	}
	return e, true
}

// born is when the file was made, which nobody can set (statx(2)).
func born(fd int) int64 {
	var st unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st); err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
}

func readlink(fd int) string {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

// read returns the content of a regular file of at most contentMax bytes.
func (t *Tree) read(name string) ([]byte, bool) {
	fd, err := t.open(name, unix.O_PATH) // opening a FIFO or a device could do something
	if err != nil {
		return nil, false
	}
	at := procFile(fd)
	defer at.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size > contentMax {
		return nil, false
	}
	// A program inside may hold a lease on the file (fcntl(2)): do not wait for it.
	file, err := os.OpenFile(at.Name(), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, false
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, contentMax+1))
	return slices.Clip(content), err == nil && len(content) <= contentMax
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// same says that two entries of a path are the same but for their mode.
func (e *Entry) same(as *Entry) bool {
	if e.Kind != as.Kind || e.Target != as.Target {
		return false
	}
	if e.Digest != "" && as.Digest != "" {
		return e.Digest == as.Digest
	}
	return e.Stat == as.Stat
}
