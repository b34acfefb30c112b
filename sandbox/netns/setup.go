package netns

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Ports of the sandbox's 127.0.0.1 and ::1.
const (
	// ProxyPort is the explicit proxy's.
	ProxyPort = 3128
	// TransparentPort is where redirected connections land.
	TransparentPort = 15001
	dnsPort         = 53
)

// loopback is the index of lo: a network namespace starts with it.
const loopback = 1

// Ends are what [Setup] made: the sockets, by name, and how the kernel lists
// the redirect.
type Ends struct {
	Names []string
	Files []*os.File
	Rules int
	// IPv6 says whether there is one.
	IPv6 bool
	// NoRedirect is why the kernel cannot redirect, empty where it does. Then
	// each port that is to be captured needs a listener of its own, see [OpenPort].
	NoRedirect string
}

// Close closes this process's copies of the sockets.
func (e *Ends) Close() {
	for _, f := range e.Files {
		f.Close()
	}
}

// Setup makes the network of the namespace it runs in, which must be fresh, and
// needs CAP_NET_ADMIN and CAP_NET_BIND_SERVICE there.
func Setup() (*Ends, error) {
	v6, err := configure()
	if err != nil {
		return nil, err
	}
	rules, err := redirect()
	cannot, ok := errors.AsType[*errNoRedirect](err)
	switch {
	case ok:
		return open(&Ends{IPv6: v6, NoRedirect: cannot.Error()})
	case err != nil:
		return nil, err
	}
	return open(&Ends{IPv6: v6, Rules: rules})
}

// ownV4 and ownV6 are the sandbox's addresses beside loopback's. With
// 127.0.0.1 alone getaddrinfo(3) would find no IPv4 at all (AI_ADDRCONFIG).
func ownV4() net.IP { return net.IPv4(100, 64, 0, 2).To4() }
func ownV6() net.IP { return net.ParseIP("fd00:5b::2") }

// configure brings lo up and makes every address local to it. That beats a
// default route with a reject rule: UDP is refused at once (ECONNREFUSED)
// instead of waiting for an ICMP error that IPv4 never gets over lo.
func configure() (v6 bool, err error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return false, fmt.Errorf("netlink: %w", err)
	}
	defer h.Close()
	lo := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: loopback}}
	if err := h.LinkSetUp(lo); err != nil {
		return false, fmt.Errorf("lo up: %w", err)
	}
	if err := anyIP(h, lo, ownV4(), net.IPv4zero); err != nil {
		return false, err
	}
	if err = hasIPv6(); err == nil {
		err = anyIP(h, lo, ownV6(), net.IPv6zero)
	}
	if err != nil && !noIPv6(err) {
		return false, err
	}
	return err == nil, nil
}

// anyIP gives lo the address own and makes all addresses of its family local
// (ip-route(8), "local"), with own as the source of what is sent to them.
func anyIP(h *netlink.Handle, lo netlink.Link, own, zero net.IP) error {
	bits := len(own) * 8
	if err := h.AddrAdd(lo, &netlink.Addr{IPNet: &net.IPNet{IP: own, Mask: net.CIDRMask(bits, bits)}}); err != nil {
		return fmt.Errorf("address %s on lo: %w", own, err)
	}
	route := &netlink.Route{
		LinkIndex: loopback,
		Dst:       &net.IPNet{IP: zero[len(zero)-len(own):], Mask: net.CIDRMask(0, bits)},
		Type:      unix.RTN_LOCAL,
		Table:     unix.RT_TABLE_LOCAL,
	}
	if bits == 32 {
		route.Scope, route.Src = netlink.SCOPE_HOST, own
	}
	if err := h.RouteAdd(route); err != nil {
		return fmt.Errorf("route all of %s/0 to lo: %w", zero, err)
	}
	return nil
}

// hasIPv6 tries to make a socket: a kernel without IPv6 may still take its
// addresses.
func hasIPv6() error {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket of IPv6: %w", err)
	}
	return unix.Close(fd)
}

// noIPv6 tells a host that has IPv6 switched off (by boot parameter or sysctl)
// from a mistake. Nothing is lost: no IPv6 route leads anywhere then.
func noIPv6(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EOPNOTSUPP)
}
