package netns

import (
	"fmt"
	"net"
	"os"
)

// Sockets are the sandbox's network as the supervisor serves it. Their
// addresses are those of the sandbox. Those of IPv6 are nil where the host has none.
type Sockets struct {
	// Proxy is the explicit proxy, 127.0.0.1:3128.
	Proxy net.Listener
	// TCP4 and TCP6 get every redirected connection; SO_ORIGINAL_DST tells
	// where it was meant to go. Both are nil where the kernel cannot redirect.
	TCP4, TCP6 net.Listener
	// DNSUDP4, DNSUDP6, DNSTCP4 and DNSTCP6 get every DNS question.
	DNSUDP4, DNSUDP6 net.PacketConn
	DNSTCP4, DNSTCP6 net.Listener
	// Diag is a NETLINK_SOCK_DIAG socket of the sandbox's network namespace.
	Diag *os.File
	// UnixDiag is another one, for questions about unix sockets.
	UnixDiag *os.File
	// Conntrack is a NETLINK_NETFILTER socket of the sandbox's network namespace,
	// made with CAP_NET_ADMIN there; nil where the kernel cannot redirect.
	Conntrack *os.File
}

// Adopt makes Sockets of the files that init sent, and closes the files.
func Adopt(names []string, files []*os.File) (*Sockets, error) {
	s := &Sockets{}
	var problem error
	for i, f := range files {
		if problem == nil {
			problem = s.adopt(names[i], f)
		}
		if f != s.Diag && f != s.UnixDiag && f != s.Conntrack {
			f.Close()
		}
	}
	if problem == nil && !s.complete() {
		problem = fmt.Errorf("sockets are missing among %q", names)
	}
	if problem != nil {
		s.Close()
		return nil, problem
	}
	return s, nil
}

func (s *Sockets) complete() bool {
	return s.Proxy != nil && s.DNSUDP4 != nil && s.DNSTCP4 != nil && s.Diag != nil && s.UnixDiag != nil && (s.TCP4 == nil) == (s.Conntrack == nil)
}

func (s *Sockets) adopt(name string, f *os.File) (err error) {
	switch name {
	case diagName:
		s.Diag = f
	case localName:
		s.UnixDiag = f
	case trackName:
		s.Conntrack = f
	case dnsUDP4Name:
		s.DNSUDP4, err = packetConn(f)
	case dnsUDP6Name:
		s.DNSUDP6, err = packetConn(f)
	default:
		place := map[string]*net.Listener{
			proxyName: &s.Proxy, tcp4Name: &s.TCP4, tcp6Name: &s.TCP6, dnsTCP4Name: &s.DNSTCP4, dnsTCP6Name: &s.DNSTCP6,
		}[name]
		if place == nil {
			return fmt.Errorf("socket %q is not one of ours", name)
		}
		*place, err = net.FileListener(f)
	}
	if err != nil {
		return fmt.Errorf("socket %s: %w", name, err)
	}
	return nil
}

// Close closes all of them.
func (s *Sockets) Close() {
	for _, l := range []net.Listener{s.Proxy, s.TCP4, s.TCP6, s.DNSTCP4, s.DNSTCP6} {
		if l != nil {
			l.Close()
		}
	}
	for _, c := range []net.PacketConn{s.DNSUDP4, s.DNSUDP6} {
		if c != nil {
			c.Close()
		}
	}
	for _, f := range []*os.File{s.Diag, s.UnixDiag, s.Conntrack} {
		if f != nil {
			f.Close()
		}
	}
}
