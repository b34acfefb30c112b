package identity

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// Call is a system call that is held. What its arguments point to lies in the memory of the caller,
// whose other threads go on: it must be copied once, and judged by the copy alone.
type Call struct {
	// TID is the calling thread as the host numbers it.
	TID int
	// Number and Args are the system call's.
	Number int32
	Args   [6]uint64
	// Socket is our own copy of the socket that connect() was called on, until the handler returns, and
	// -1 for other calls. Address is a copy of the address it named.
	Socket  int
	Address []byte

	id      uint64
	watcher *Watcher
}

// Valid tells whether the caller is still held. Only then was what was read of the thread its own, and
// not that of one which got the number later: ask after reading.
func (c *Call) Valid() bool { return c.watcher.listener.valid(c.id) }

// Text copies a path out of the caller's memory.
func (c *Call) Text(at uint64) (string, bool) {
	for _, size := range []int{256, unix.PathMax} { // nearly all are short
		buffer := make([]byte, size)
		n := readText(c.TID, at, buffer)
		text, _, ended := bytes.Cut(buffer[:n], []byte{0})
		if ended || n < size {
			return string(text), ended
		}
	}
	return "", false
}

// Caller names the program and its ancestors by their paths alone, for a record that grants nothing. It
// is worth something only if the call is still valid afterwards.
func (c *Call) Caller() Caller {
	w := c.watcher
	caller := Caller{PID: processOf(c.TID, socket{})}
	caller.Exe, _ = readlink(w.proc.file(c.TID, "exe"))
	child, err := w.proc.status(caller.PID)
	for err == nil && len(caller.Ancestors) < maxAncestors {
		before, over := w.lineage.of(child)
		if !over && child.parent == w.init {
			before, over = w.top(child), true
		}
		if over || child.parent <= 1 {
			caller.Ancestors = append(caller.Ancestors, before...)
			break
		}
		var name string
		if name, err = readlink(w.proc.file(child.parent, "exe")); err == nil {
			caller.Ancestors = append(caller.Ancestors, name)
			child, err = w.proc.status(child.parent)
		}
	}
	return caller
}

// Answer is what becomes of a held call.
type Answer struct {
	// Continue lets the kernel carry it out, with its arguments as they are by then. It is for calls
	// about which nothing was decided.
	Continue bool
	// Errno is how the call fails, if it is not 0.
	Errno unix.Errno
	// Value is what it returns otherwise.
	Value int64
}

// Handler answers one kind of held call. It runs for several calls at once when one takes long, and a
// call other than connect() goes on without it after a second. Nothing else is received meanwhile for
// some milliseconds, so it must be quick.
type Handler func(*Call) Answer
