package identity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Sizes and offsets of sock_diag(7).
const (
	netlinkHeader = 16
	diagRequest   = 56 // struct inet_diag_req_v2
	diagReply     = 72 // struct inet_diag_msg
	replyState    = netlinkHeader + 1
	replyCookie   = netlinkHeader + 4 + 40

	tcpListen = 10
)

// errNoSocket means that the kernel has no such socket any more.
var errNoSocket = errors.New("no such socket")

// diag asks the kernel about sockets of the network namespace that its own socket was made in.
type diag struct {
	file *os.File

	mu  sync.Mutex
	seq uint32 // guarded by mu
}

func newDiag(f *os.File) (*diag, error) {
	if f == nil {
		return nil, errors.New("watch a sandbox: no socket for sock_diag")
	}
	return &diag{file: f}, nil
}

// cookie returns the cookie of the TCP socket with these two ends, as seen by the one that connected.
// A connection of an IPv6 socket to a v4-mapped address is filed under IPv4.
func (d *diag) cookie(local, remote netip.AddrPort) (uint64, error) {
	request, err := diagQuestion(local, remote)
	if err != nil {
		return 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq++
	binary.NativeEndian.PutUint32(request[8:], d.seq)
	return d.ask(request)
}

// ask sends one question. The kernel answers netlink within the sender's own system call, so the
// answer is there when sendto returns.
func (d *diag) ask(request []byte) (cookie uint64, err error) {
	raw, err := d.file.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("ask sock_diag: %w", err)
	}
	inner := raw.Control(func(fd uintptr) {
		if err = unix.Sendto(int(fd), request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err == nil {
			cookie, err = d.answer(int(fd))
		}
	})
	if inner != nil {
		err = inner
	}
	if err != nil && err != errNoSocket {
		err = fmt.Errorf("ask sock_diag: %w", err)
	}
	return cookie, err
}

// answer reads up to the answer to this question; older ones were left by a question that failed.
func (d *diag) answer(fd int) (uint64, error) {
	var buffer [4096]byte
	for {
		n, _, err := unix.Recvfrom(fd, buffer[:], unix.MSG_DONTWAIT)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, err
		}
		m := buffer[:n]
		if n >= netlinkHeader+4 && binary.NativeEndian.Uint32(m[8:]) == d.seq {
			return diagCookie(m)
		}
	}
}

func diagCookie(m []byte) (uint64, error) {
	if binary.NativeEndian.Uint16(m[4:]) == unix.NLMSG_ERROR {
		errno := unix.Errno(-int32(binary.NativeEndian.Uint32(m[netlinkHeader:])))
		if errno == unix.ENOENT {
			return 0, errNoSocket
		}
		return 0, errno
	}
	if len(m) < netlinkHeader+diagReply {
		return 0, errors.New("a short answer")
	}
	// Where no connection matches, the kernel takes a listener on that port instead.
	if m[replyState] == tcpListen {
		return 0, errNoSocket
	}
	low := binary.NativeEndian.Uint32(m[replyCookie:])
	high := binary.NativeEndian.Uint32(m[replyCookie+4:])
	return uint64(high)<<32 | uint64(low), nil
}

// diagQuestion makes a SOCK_DIAG_BY_FAMILY request for exactly one socket.
func diagQuestion(local, remote netip.AddrPort) ([]byte, error) {
	from, to := local.Addr().Unmap(), remote.Addr().Unmap()
	if !from.IsValid() || from.Is4() != to.Is4() {
		return nil, fmt.Errorf("ask sock_diag: %v and %v are not two ends of a connection", local, remote)
	}
	m := make([]byte, netlinkHeader+diagRequest)
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	binary.NativeEndian.PutUint16(m[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST)
	q := m[netlinkHeader:]
	q[0], q[1] = unix.AF_INET, unix.IPPROTO_TCP
	if from.Is6() {
		q[0] = unix.AF_INET6
	}
	binary.NativeEndian.PutUint32(q[4:], ^uint32(0)) // every state
	binary.BigEndian.PutUint16(q[8:], local.Port())
	binary.BigEndian.PutUint16(q[10:], remote.Port())
	copy(q[12:28], from.AsSlice())
	copy(q[28:44], to.AsSlice())
	binary.NativeEndian.PutUint64(q[48:], ^uint64(0)) // INET_DIAG_NOCOOKIE: the cookie is what is asked
	return m, nil
}
