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

	tcpListen = 10
)

// diag asks the kernel about sockets of the network namespace that its own socket was made in.
type diag struct{ netlink *netlink }

// cookie returns the cookie of the TCP socket with these two ends, as seen by the one that connected.
// A connection of an IPv6 socket to a v4-mapped address is filed under IPv4.
func (d *diag) cookie(local, remote netip.AddrPort) (uint64, error) {
	request, err := diagQuestion(local, remote)
	if err != nil {
		return 0, err
	}
	m, err := d.netlink.ask(request)
	if err != nil {
		return 0, err
	}
	return diagCookie(m)
}

func diagCookie(m []byte) (uint64, error) {
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
