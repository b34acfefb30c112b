package identity

import (
	"bytes"
	"errors"

	"golang.org/x/sys/unix"
)

// maxAddress is the size of struct sockaddr_storage: connect(2) takes no more.
const maxAddress = 128

// connection is a connect() as it was asked for, in copies that nobody else can change.
type connection struct {
	fd      int
	address []byte
}

// copyAddress reads a socket address out of the memory of a held thread, once.
func copyAddress(tid int, at uint64, size int32) ([]byte, unix.Errno) {
	if size < 0 || size > maxAddress {
		return nil, unix.EINVAL
	}
	address := make([]byte, size)
	if size == 0 {
		return address, 0
	}
	if n, err := readMemory(tid, at, address); err != nil || n < len(address) {
		return nil, unix.EFAULT
	}
	return address, 0
}

// readMemory copies from a thread's memory; it may return less than asked for, at the end of what is mapped.
func readMemory(tid int, at uint64, into []byte) (int, error) {
	local := []unix.Iovec{{Base: &into[0]}}
	local[0].SetLen(len(into))
	return unix.ProcessVMReadv(tid, local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(into)}}, 0)
}

// readText fills the buffer as far as memory goes. It reads page by page: of one that is not there the
// kernel copies nothing.
func readText(tid int, at uint64, into []byte) (n int) {
	for n < len(into) {
		size := min(uint64(len(into)-n), memoryPage-(at+uint64(n))%memoryPage)
		got, err := readMemory(tid, at+uint64(n), into[n:n+int(size)])
		n += max(got, 0)
		if err != nil || got < int(size) || bytes.IndexByte(into[:n], 0) >= 0 {
			break
		}
	}
	return n
}

// memoryPage is the smallest there is.
const memoryPage = 4096

// carryOut connects the copied socket and tells the caller what came of it, unless that was done.
func (w *Watcher) carryOut(p *pending, c *connection) {
	p.answer.Do(func() { w.listener.send(p.id, Answer{Errno: w.underway.connect(c.fd, c.address)}) })
}

// Connect carries out a held connect() on a copy of its socket and any address, as the calling thread.
func (c *Call) Connect(address []byte) unix.Errno {
	return c.watcher.underway.connect(c.Socket, address)
}

// errnoOf is the number behind an error of package unix.
func errnoOf(err error) unix.Errno {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return errno
	}
	return unix.EACCES
}
