package identity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Sizes and offsets of sock_diag(7).
const (
	diagRequest = 56 // struct inet_diag_req_v2
	diagReply   = 72 // struct inet_diag_msg
	replyState  = netlinkHeader + 1
	replyCookie = netlinkHeader + 4 + 40
	replyInode  = netlinkHeader + 68

	tcpListen = 10
)

// diag asks the kernel about sockets of the network namespace that its own socket was made in.
type diag struct{ netlink *netlink }

// found is a socket by its two names: the cookie is never used twice, the inode stands in /proc/PID/fd.
type found struct {
	cookie uint64
	inode  uint32
}

// find returns the TCP socket with these two ends, as seen by the one that connected.
// A connection of an IPv6 socket to a v4-mapped address is filed under IPv4.
func (d *diag) find(local, remote netip.AddrPort) (found, error) {
	request, err := diagQuestion(local, remote)
	if err != nil {
		return found{}, err
	}
	m, err := d.netlink.ask(request)
	if err != nil {
		return found{}, err
	}
	return diagAnswer(m)
}

func diagAnswer(m []byte) (found, error) {
	if len(m) < netlinkHeader+diagReply {
		return found{}, errors.New("a short answer")
	}
	// Where no connection matches, the kernel takes a listener on that port instead.
	if m[replyState] == tcpListen {
		return found{}, errNoSocket
	}
	low := binary.NativeEndian.Uint32(m[replyCookie:])
	high := binary.NativeEndian.Uint32(m[replyCookie+4:])
	return found{uint64(high)<<32 | uint64(low), binary.NativeEndian.Uint32(m[replyInode:])}, nil
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
