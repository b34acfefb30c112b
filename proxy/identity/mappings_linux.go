package identity

import (
	"bytes"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Limits against the agent itself, which can map as many files as it likes.
const (
	maxMappings = 4096    // of one process that are looked at
	maxClean    = 4096    // paths that are remembered
	maxMaps     = 4 << 20 // bytes of maps, where the kernel has no query
)

// What stands in place of a file where no file can be named.
const (
	taintUnreadable = "unreadable"
	taintTooMany    = "more than 4096 mappings"
)

// mappings tells whose code runs in a process: that of files which nobody in the sandbox can write, or also the
// agent's own (LD_PRELOAD, a library it built, a copied program). It is evidence and no proof: a file can be
// mapped after the connect(), and unmapped before it once its code stands in anonymous memory.
type mappings struct {
	writable func(path string) bool

	mu    sync.Mutex
	clean map[string]struct{} // guarded by mu; paths that are not writable
}

func newMappings(writable func(string) bool) *mappings {
	if writable == nil {
		writable = func(string) bool { return true }
	}
	return &mappings{writable: writable, clean: map[string]struct{}{}}
}

// tainted names the first file with code in the process that the agent can write, that lies in memory or that was
// deleted; "" where there is none. It fails closed: what cannot be read is tainted.
func (m *mappings) tainted(proc procfs, tid int) string {
	fd, err := unix.Open(proc.file(tid, "maps"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return taintUnreadable
	}
	defer unix.Close(fd)
	name, err := m.query(fd)
	if err == unix.ENOTTY { // before 6.11
		name, err = m.scan(fd)
	}
	if err != nil {
		return taintUnreadable
	}
	return name
}

// ioctlQuery is PROCMAP_QUERY of linux/fs.h, since 6.11. It passes by what the process maps without executing it.
const ioctlQuery = 0xc0686611

// The question: the first mapping at or above an address that is executable and of a file.
const queryNextCode = 0x04 | 0x10 | 0x20 // VMA_EXECUTABLE, COVERING_OR_NEXT_VMA, FILE_BACKED_VMA

// mapping is struct procmap_query.
type mapping struct {
	size, question, address uint64
	start, end              uint64
	_                       [3]uint64
	_                       uint64 // inode
	_, _                    uint32 // device
	nameSize, buildIDSize   uint32
	name, _                 unsafe.Pointer
}

func (m *mappings) query(fd int) (string, error) {
	var name [unix.PathMax]byte
	q := mapping{size: uint64(unsafe.Sizeof(mapping{})), question: queryNextCode}
	for range maxMappings {
		q.name, q.nameSize = unsafe.Pointer(&name[0]), uint32(len(name))
		_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), ioctlQuery, uintptr(unsafe.Pointer(&q)))
		switch {
		case e == unix.ENOENT:
			return "", nil
		case e != 0:
			return "", e
		}
		if path := name[:max(q.nameSize, 1)-1]; m.taints(path) { // the size is with the final NUL
			return string(path), nil
		}
		q.address = q.end
	}
	return taintTooMany, nil
}

// taints tells whether code of this file is the agent's.
func (m *mappings) taints(path []byte) bool {
	m.mu.Lock()
	_, clean := m.clean[string(path)]
	m.mu.Unlock()
	if clean {
		return false
	}
	name := string(path)
	if !strings.HasPrefix(name, "/") || strings.HasSuffix(name, deletedSuffix) || m.writable(name) {
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.clean) >= maxClean {
		clear(m.clean)
	}
	m.clean[name] = struct{}{}
	return false
}

// scan reads proc_pid_maps(5): "START-END r-xp OFFSET DEVICE INODE   PATH", a newline in PATH as \012. One that has
// those four characters may be either, and so is taken for the worse.
func (m *mappings) scan(fd int) (string, error) {
	text, err := readAll(fd, maxMaps)
	if err != nil {
		return "", err
	}
	for line := range bytes.Lines(text) {
		path, code := codeOf(line)
		if code && (bytes.Contains(path, []byte(`\012`)) || m.taints(path)) {
			return string(path), nil
		}
	}
	return "", nil
}

// codeOf returns the file of a line of maps, if it is one and executable. Inode 0 is anonymous memory or the
// kernel's own.
func codeOf(line []byte) (path []byte, code bool) {
	rest := bytes.TrimSuffix(line, []byte("\n"))
	var field [5][]byte
	for i := range field {
		field[i], rest, _ = bytes.Cut(rest, []byte(" "))
	}
	executable := len(field[1]) == 4 && field[1][2] == 'x'
	return bytes.TrimLeft(rest, " "), executable && !bytes.Equal(field[4], []byte("0"))
}
