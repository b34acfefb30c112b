package sockets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Numbers of sock_diag(7), from linux/unix_diag.h.
const (
	diagRequest = 24 // struct unix_diag_req
	diagReply   = 16 // struct unix_diag_msg
	showVFS     = 2  // UDIAG_SHOW_VFS
	attrVFS     = 1  // UNIX_DIAG_VFS: inode and device, 32 bits each

	listening = 1 << 10 // TCP_LISTEN
	anyState  = ^uint32(0)
)

// statesFor are the states of sockets that one of this type may connect to.
func statesFor(socket int) uint32 {
	if kind, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_TYPE); err == nil && kind == unix.SOCK_DGRAM {
		return anyState
	}
	return listening
}

// diag asks about the unix sockets of the network namespace it was made in.
type diag struct {
	mu     sync.Mutex // one question after another
	file   *os.File
	buffer [32 << 10]byte // guarded by mu
	seq    uint32         // guarded by mu
}

func openDiag() (*diag, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("netlink socket for sock_diag: %w", err)
	}
	return &diag{file: os.NewFile(uintptr(fd), "sock_diag")}, nil
}

// bound tells whether a socket in one of these states is bound to the file.
func (d *diag) bound(at place, states uint32) (found bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	raw, err := d.file.SyscallConn()
	if err != nil {
		return false, err
	}
	inner := raw.Control(func(fd uintptr) { found, err = d.askLocked(int(fd), at, states) })
	if inner != nil {
		err = inner
	}
	if err != nil {
		err = fmt.Errorf("ask sock_diag: %w", err)
	}
	return found, err
}

func (d *diag) askLocked(fd int, at place, states uint32) (found bool, err error) {
	d.seq++
	if err := unix.Sendto(fd, question(d.seq, states), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return false, err
	}
	for {
		n, _, err := unix.Recvfrom(fd, d.buffer[:], 0) // the kernel has answered already
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return false, err
		}
		hit, done, err := scan(d.buffer[:n], d.seq, at)
		found = found || hit
		if done || err != nil {
			return found, err
		}
	}
}

// question asks for all sockets in these states, and what they are bound to.
func question(seq, states uint32) []byte {
	m := make([]byte, unix.SizeofNlMsghdr+diagRequest)
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	binary.NativeEndian.PutUint16(m[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	binary.NativeEndian.PutUint32(m[8:], seq)
	q := m[unix.SizeofNlMsghdr:]
	q[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(q[4:], states)
	binary.NativeEndian.PutUint32(q[12:], showVFS)
	return m
}

// scan reads the messages of one datagram.
func scan(b []byte, seq uint32, at place) (found, done bool, err error) {
	for len(b) >= unix.SizeofNlMsghdr {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.SizeofNlMsghdr || size > len(b) {
			return false, false, errors.New("a malformed answer")
		}
		m := b[:size]
		b = b[min(align(size), len(b)):]
		if binary.NativeEndian.Uint32(m[8:]) != seq {
			continue // left by a question that failed
		}
		switch binary.NativeEndian.Uint16(m[4:]) {
		case unix.NLMSG_DONE:
			return found, true, nil
		case unix.NLMSG_ERROR:
			return found, true, errorOf(m)
		}
		found = found || boundTo(m[unix.SizeofNlMsghdr:], at)
	}
	return found, false, nil
}

func errorOf(m []byte) error {
	if len(m) < unix.SizeofNlMsghdr+4 {
		return errors.New("a malformed answer")
	}
	return unix.Errno(-int32(binary.NativeEndian.Uint32(m[unix.SizeofNlMsghdr:])))
}

// boundTo looks for the one attribute asked for.
func boundTo(m []byte, at place) bool {
	if len(m) < diagReply {
		return false
	}
	for a := m[diagReply:]; len(a) >= unix.SizeofNlAttr; {
		size := int(binary.NativeEndian.Uint16(a))
		if size < unix.SizeofNlAttr || size > len(a) {
			return false
		}
		if v := a[unix.SizeofNlAttr:size]; binary.NativeEndian.Uint16(a[2:]) == attrVFS && len(v) >= 8 {
			return place{binary.NativeEndian.Uint32(v), binary.NativeEndian.Uint32(v[4:])} == at
		}
		a = a[min(align(size), len(a)):]
	}
	return false
}

func align(n int) int { return (n + 3) &^ 3 }
