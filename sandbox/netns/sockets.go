package netns

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// backlog is how many connections may wait to be accepted, per listener.
const backlog = 512

// socket is one that Setup makes.
type socket struct {
	name string
	kind int // SOCK_STREAM or SOCK_DGRAM
	at   netip.AddrPort
}

// Names of the sockets, as init tells them to the supervisor.
const (
	proxyName   = "proxy"
	tcp4Name    = "tcp4"
	tcp6Name    = "tcp6"
	dnsUDP4Name = "dns-udp4"
	dnsUDP6Name = "dns-udp6"
	dnsTCP4Name = "dns-tcp4"
	dnsTCP6Name = "dns-tcp6"
	diagName    = "diag"
	localName   = "unix-diag"
	trackName   = "conntrack"
)

// wanted are the sockets of a sandbox. Without a redirect the questions of DNS
// arrive at whatever address they were sent to, and so the resolver is on all.
func wanted(v6, redirected bool) []socket {
	four, six := netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()
	all := []socket{{proxyName, unix.SOCK_STREAM, netip.AddrPortFrom(four, ProxyPort)}}
	if redirected {
		all = append(all, socket{tcp4Name, unix.SOCK_STREAM, netip.AddrPortFrom(four, TransparentPort)})
	} else {
		four = netip.IPv4Unspecified()
	}
	all = append(all,
		socket{dnsUDP4Name, unix.SOCK_DGRAM, netip.AddrPortFrom(four, dnsPort)},
		socket{dnsTCP4Name, unix.SOCK_STREAM, netip.AddrPortFrom(four, dnsPort)})
	if !v6 {
		return all
	}
	if redirected {
		all = append(all, socket{tcp6Name, unix.SOCK_STREAM, netip.AddrPortFrom(six, TransparentPort)})
	} else {
		six = netip.IPv6Unspecified()
	}
	return append(all,
		socket{dnsUDP6Name, unix.SOCK_DGRAM, netip.AddrPortFrom(six, dnsPort)},
		socket{dnsTCP6Name, unix.SOCK_STREAM, netip.AddrPortFrom(six, dnsPort)})
}

// netlinkSocket is one of the kinds that only this namespace can make.
type netlinkSocket struct {
	name     string
	protocol int
}

// open makes the sockets, and one for sock_diag(7): the supervisor asks it who
// is behind a connection, and the answers are about this namespace. Where
// connections are redirected, another one tells from which port each was made.
func open(e *Ends) (*Ends, error) {
	redirected := e.NoRedirect == ""
	for _, s := range wanted(e.IPv6, redirected) {
		f, err := s.open()
		if err != nil {
			e.Close()
			return nil, fmt.Errorf("socket on %s: %w", s.at, err)
		}
		e.Names, e.Files = append(e.Names, s.name), append(e.Files, f)
	}
	kinds := []netlinkSocket{{diagName, unix.NETLINK_SOCK_DIAG}, {localName, unix.NETLINK_SOCK_DIAG}}
	if redirected {
		kinds = append(kinds, netlinkSocket{trackName, unix.NETLINK_NETFILTER})
	}
	for _, n := range kinds {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, n.protocol)
		if err != nil {
			e.Close()
			return nil, fmt.Errorf("netlink socket for %s: %w", n.name, err)
		}
		e.Names, e.Files = append(e.Names, n.name), append(e.Files, os.NewFile(uintptr(fd), n.name))
	}
	return e, nil
}

// open binds and listens. There is no SO_REUSEADDR and no SO_REUSEPORT: with
// either, a program inside could bind the same port and take our place.
func (s socket) open() (*os.File, error) {
	family := unix.AF_INET
	if s.at.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, s.kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), s.name)
	if err := s.bind(fd); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (s socket) bind(fd int) error {
	if s.at.Addr().Is6() { // or [::] would take the place of 0.0.0.0 too
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	if err := unix.Bind(fd, s.sockaddr()); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if s.kind == unix.SOCK_DGRAM {
		return nil
	}
	return os.NewSyscallError("listen", unix.Listen(fd, backlog))
}

func (s socket) sockaddr() unix.Sockaddr {
	if a := s.at.Addr(); a.Is6() {
		return &unix.SockaddrInet6{Port: int(s.at.Port()), Addr: a.As16()}
	}
	return &unix.SockaddrInet4{Port: int(s.at.Port()), Addr: s.at.Addr().As4()}
}
