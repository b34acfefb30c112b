package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// lowPorts is of the network namespace of whoever opens it (ip(7)).
const lowPorts = "/proc/sys/net/ipv4/ip_unprivileged_port_start"

// AllowLowPorts lets every process of this namespace use the ports below 1024.
// [OpenPort] runs when init has no capability left, and one kept for it would be
// one more thing to take from init. What a program gains is a port of its own
// sandbox, where it can have any other port already.
func AllowLowPorts() error { return os.WriteFile(lowPorts, []byte("0"), 0) }

// OpenPort makes listeners for one TCP port on all addresses, IPv4 and IPv6
// where there is one: every address is local, so a connection to any host lands
// there, and its local address is where it was meant to go. EADDRINUSE means
// that a program of the sandbox has the port.
func OpenPort(port int) ([]*os.File, error) {
	var files []*os.File
	for _, a := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		s := socket{"port", unix.SOCK_STREAM, netip.AddrPortFrom(a, uint16(port))}
		f, err := s.open()
		if a.Is6() && errors.Is(err, unix.EAFNOSUPPORT) {
			continue
		}
		if err != nil {
			for _, f := range files {
				f.Close()
			}
			return nil, fmt.Errorf("socket on %s: %w", s.at, err)
		}
		files = append(files, f)
	}
	return files, nil
}

// Reserved says whether a port is the sandbox's own: it is never forwarded.
func Reserved(port int) bool { return port == ProxyPort || port == dnsPort }

// Local says whether a program of the sandbox may be what listens at an address, and neither the resolver nor the
// proxy. Everywhere tells which ports [OpenPort] has; it is nil where connections are redirected (see rules).
func Local(to netip.AddrPort, everywhere func(port int) bool) bool {
	a, port := to.Addr().Unmap(), to.Port()
	switch {
	case port == dnsPort, port == ProxyPort && a == netip.AddrFrom4([4]byte{127, 0, 0, 1}):
		return false
	case everywhere != nil:
		return !everywhere(int(port))
	}
	return a.IsLoopback() || a.IsUnspecified() || ownV4().Equal(a.AsSlice()) || ownV6().Equal(a.AsSlice())
}
