package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// maxWaiting bounds the programs that wait to be read, each with a thread's call that is held.
const maxWaiting = 16

var errOverRead = errors.New("the sandbox has ended")

// turn waits until the file may be read. What it returns is received from afterwards.
func (c *contents) turn(fd int) (chan struct{}, error) {
	turn := c.systems
	if !rootOnly(fd) {
		turn = c.others
		defer c.waiting.Add(-1)
		if c.waiting.Add(1) > maxWaiting {
			return nil, fmt.Errorf("more than %d programs wait to be read", maxWaiting)
		}
	}
	select {
	case turn <- struct{}{}:
		return turn, nil
	case <-c.over:
		return nil, errOverRead
	}
}

// read hashes the content. The key must be the same afterwards: once the connect has been let go, the
// program may have ended and its file been written again.
func (c *contents) read(fd, tid int, before fileKey) (string, error) {
	sum := sha256.New()
	file := io.NewSectionReader(&wanted{descriptor(fd), c, tid}, 0, before.size)
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{file}, make([]byte, 256<<10)); err != nil {
		return "", fmt.Errorf("its executable cannot be read: %w", err)
	}
	if after, err := keyOf(fd); err != nil || after != before {
		return "", errors.New("its executable changed while it was read")
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// wanted reads a file while somebody waits for what is in it. A program that starts thousands of processes from a file
// that it keeps changing would otherwise have each of them read, long after they are gone.
type wanted struct {
	descriptor
	contents *contents
	tid      int
}

func (w *wanted) ReadAt(p []byte, offset int64) (int, error) {
	select {
	case <-w.contents.over:
		return 0, errOverRead
	default:
	}
	if w.tid != 0 && unix.Kill(w.tid, 0) == unix.ESRCH {
		return 0, errors.New("its process is gone")
	}
	return w.descriptor.ReadAt(p, offset)
}

// descriptor reads a file by its number, which stays its owner's.
type descriptor int

func (d descriptor) ReadAt(p []byte, offset int64) (int, error) {
	for {
		n, err := unix.Pread(int(d), p, offset)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, err
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		case n < len(p):
			return n, io.ErrUnexpectedEOF
		}
		return n, nil
	}
}
