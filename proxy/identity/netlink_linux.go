package identity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// netlinkHeader is the size of struct nlmsghdr (netlink(7)).
const netlinkHeader = 16

// errNoSocket means that the kernel has no such socket, or no such connection, any more.
var errNoSocket = errors.New("no such socket")

// netlink asks the kernel one question after another.
type netlink struct {
	file *os.File

	mu  sync.Mutex
	seq uint32 // guarded by mu
}

func newNetlink(f *os.File, what string) (*netlink, error) {
	if f == nil {
		return nil, fmt.Errorf("watch a sandbox: no socket for %s", what)
	}
	return &netlink{file: f}, nil
}

// ask sends one question and returns the message that answers it. The kernel answers netlink within the
// sender's own system call, so the answer is there when sendto returns.
func (n *netlink) ask(question []byte) (message []byte, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seq++
	binary.NativeEndian.PutUint32(question[8:], n.seq)
	raw, err := n.file.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("ask the kernel: %w", err)
	}
	inner := raw.Control(func(fd uintptr) {
		if err = unix.Sendto(int(fd), question, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err == nil {
			message, err = n.answerLocked(int(fd))
		}
	})
	if inner != nil {
		err = inner
	}
	if err != nil && err != errNoSocket {
		err = fmt.Errorf("ask the kernel: %w", err)
	}
	return message, err
}

// answerLocked reads up to the answer to this question; older ones were left by a question that failed.
func (n *netlink) answerLocked(fd int) ([]byte, error) {
	var buffer [4096]byte
	for {
		size, _, err := unix.Recvfrom(fd, buffer[:], unix.MSG_DONTWAIT)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		m := buffer[:size]
		if size >= netlinkHeader+4 && binary.NativeEndian.Uint32(m[8:]) == n.seq {
			return m, refused(m)
		}
	}
}

// refused is the error a message carries, or nil.
func refused(m []byte) error {
	if binary.NativeEndian.Uint16(m[4:]) != unix.NLMSG_ERROR {
		return nil
	}
	errno := unix.Errno(-int32(binary.NativeEndian.Uint32(m[netlinkHeader:])))
	if errno == unix.ENOENT {
		return errNoSocket
	}
	return errno
}
