package identity

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Destination reads a sockaddr_in or sockaddr_in6 (ip(7), ipv6(7)).
func Destination(sockaddr []byte) (netip.AddrPort, bool) {
	if len(sockaddr) < 8 {
		return netip.AddrPort{}, false
	}
	family, port := binary.NativeEndian.Uint16(sockaddr), binary.BigEndian.Uint16(sockaddr[2:])
	switch {
	case family == unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(sockaddr[4:8])), port), true
	case family == unix.AF_INET6 && len(sockaddr) >= 24:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(sockaddr[8:24])).Unmap(), port), true
	}
	return netip.AddrPort{}, false
}
