package identity

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Limits against the agent itself, which can make as many and as large executables as it likes.
const (
	maxExecutable = 512 << 20 // bytes
	maxPins       = 16384
	maxHashes     = 4096
)

// settled is how old a change of the file must be for its key to stand for its content. Time stamps
// of kernels before 6.13 advance with the timer tick: within it, a file can change and keep its key.
const settled = 2 * time.Second

// fileKey changes with the content: the ctime cannot be set back without being root, the mtime can.
type fileKey struct {
	device, inode      uint64
	size, mtime, ctime int64 // bytes, ns, ns
}

// contents knows the executables by their content. The first content seen at a path is the one the
// path stands for until the sandbox restarts.
type contents struct {
	repinned func(path string)

	// One file is read at a time, so that the agent cannot own the disk, and one beside it that nobody in the sandbox can
	// have changed: large programs of its own must not keep those of the system unknown.
	systems, others chan struct{}
	waiting         atomic.Int32  // for others
	over            chan struct{} // closed by end
	once            sync.Once

	mu     sync.Mutex
	hashes map[fileKey]string // guarded by mu
	pins   map[string]string  // guarded by mu; path to hash
}

func newContents(repinned func(string)) *contents {
	if repinned == nil {
		repinned = func(string) {}
	}
	return &contents{
		repinned: repinned, hashes: map[fileKey]string{}, pins: map[string]string{},
		systems: make(chan struct{}, 1), others: make(chan struct{}, 1), over: make(chan struct{}),
	}
}

// end has everything that is read, or waits to be, given up.
func (c *contents) end() { c.once.Do(func() { close(c.over) }) }

// known returns the content's hash, or why the program cannot be vouched for. It is given up once the thread is gone that
// waits for it, unless tid is 0.
func (c *contents) known(p program, tid int) (hash, unknown string) {
	if p.unknown != "" {
		return "", p.unknown
	}
	hash, err := c.hash(p.fd, tid)
	if err != nil {
		return "", err.Error()
	}
	return hash, c.pin(p, hash)
}

// pin remembers the first content at a path and refuses any other. Only root's own change on a mount
// that is read-only in the sandbox is taken over: upgrades must not break a running sandbox.
func (c *contents) pin(p program, hash string) (unknown string) {
	c.mu.Lock()
	pinned, seen := c.pins[p.path]
	full := !seen && len(c.pins) >= maxPins
	if !seen && !full {
		c.pins[p.path] = hash
	}
	c.mu.Unlock()
	switch {
	case full:
		// Forgetting the oldest instead would let an agent push out the pin it wants to replace.
		return fmt.Sprintf("more than %d different programs have connected", maxPins)
	case !seen || pinned == hash:
		return ""
	case !rootOnly(p.fd):
		return "its executable changed since first use"
	}
	c.mu.Lock()
	c.pins[p.path] = hash
	c.mu.Unlock()
	c.repinned(p.path)
	return ""
}

// rootOnly tells whether nobody in the sandbox can have changed the file.
func rootOnly(fd int) bool {
	var mount unix.Statfs_t
	var file unix.Stat_t
	if unix.Fstatfs(fd, &mount) != nil || unix.Fstat(fd, &file) != nil {
		return false
	}
	return mount.Flags&unix.ST_RDONLY != 0 && file.Uid == 0 && file.Mode&0o022 == 0
}

// hash returns the hash of an open executable, from memory where its key is known.
func (c *contents) hash(fd, tid int) (string, error) {
	key, err := keyOf(fd)
	if err != nil {
		return "", err
	}
	if h, ok := c.remembered(key); ok {
		return h, nil
	}
	if key.size > maxExecutable {
		return "", fmt.Errorf("its executable is larger than %d MiB", maxExecutable>>20)
	}
	turn, err := c.turn(fd)
	if err != nil {
		return "", err
	}
	defer func() { <-turn }()
	if h, ok := c.remembered(key); ok { // read by another while this one waited
		return h, nil
	}
	h, err := c.read(fd, tid, key)
	if err != nil {
		return "", err
	}
	if time.Since(time.Unix(0, key.ctime)) > settled {
		c.remember(key, h)
	}
	return h, nil
}

func (c *contents) remembered(key fileKey) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.hashes[key]
	return h, ok
}

// remember keeps a hash. A full table starts over: it is only a cache, the pins are elsewhere.
func (c *contents) remember(key fileKey, hash string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.hashes) >= maxHashes {
		clear(c.hashes)
	}
	c.hashes[key] = hash
}

func keyOf(fd int) (fileKey, error) {
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		return fileKey{}, fmt.Errorf("its executable cannot be read: %w", err)
	}
	return fileKey{s.Dev, s.Ino, s.Size, s.Mtim.Nano(), s.Ctim.Nano()}, nil
}
