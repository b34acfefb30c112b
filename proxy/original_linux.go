package proxy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// soOriginalDst is SO_ORIGINAL_DST, and IP6T_SO_ORIGINAL_DST too: netfilter uses the number 80 for
// both (linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h).
const soOriginalDst = 80

// originalDestination asks netfilter where a redirected connection was going.
func originalDestination(c net.Conn) (netip.AddrPort, error) {
	tcp, ok := c.(syscall.Conn)
	if !ok {
		return netip.AddrPort{}, errors.New("not a kernel socket")
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return netip.AddrPort{}, err
	}
	local, ok := c.LocalAddr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, errors.New("not a TCP socket")
	}
	var original netip.AddrPort
	ask := func(fd uintptr) { original, err = sockaddr(int(fd), local.AddrPort().Addr().Unmap().Is4()) }
	if controlErr := raw.Control(ask); controlErr != nil {
		return netip.AddrPort{}, controlErr
	}
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("read the original destination: %w", err)
	}
	return original, nil
}

func sockaddr(fd int, v4 bool) (netip.AddrPort, error) {
	if v4 {
		// struct sockaddr_in has the 16 bytes that this call reads: family, port, address.
		in, err := unix.GetsockoptIPv6Mreq(fd, unix.SOL_IP, soOriginalDst)
		if err != nil {
			return netip.AddrPort{}, err
		}
		b := in.Multiaddr
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:4])), nil
	}
	// struct sockaddr_in6 is the first member of the struct that this call reads.
	in6, err := unix.GetsockoptIPv6MTUInfo(fd, unix.SOL_IPV6, soOriginalDst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port := (*[2]byte)(unsafe.Pointer(&in6.Addr.Port)) // in network order
	return netip.AddrPortFrom(netip.AddrFrom16(in6.Addr.Addr), binary.BigEndian.Uint16(port[:])), nil
}
