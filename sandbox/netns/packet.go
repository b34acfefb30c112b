package netns

import (
	"errors"
	"net"
	"os"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// packetConn takes over a resolver's socket. One that is on all addresses
// answers from the address that was asked: a resolver takes no answer from
// another one.
func packetConn(f *os.File) (net.PacketConn, error) {
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	at, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok {
		c.Close()
		return nil, errors.New("not a UDP socket")
	}
	if !at.IP.IsUnspecified() {
		return c, nil
	}
	all, err := onAll(c, at.IP.To4() != nil)
	if err != nil {
		c.Close()
	}
	return all, err
}

func onAll(c net.PacketConn, v4 bool) (net.PacketConn, error) {
	if v4 {
		p := ipv4.NewPacketConn(c)
		return wide{c, read4(p), write4(p)}, p.SetControlMessage(ipv4.FlagDst, true)
	}
	p := ipv6.NewPacketConn(c)
	return wide{c, read6(p), write6(p)}, errors.Join(p.SetControlMessage(ipv6.FlagDst, true), answerFromAny(c))
}

// answerFromAny lets the socket send from any address that is local by a route
// only; of IPv4 the kernel asks for no more (ipv6(7), IPV6_FREEBIND).
func answerFromAny(c net.PacketConn) error {
	raw, err := c.(*net.UDPConn).SyscallConn()
	if err != nil {
		return err
	}
	inner := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1) })
	return errors.Join(inner, os.NewSyscallError("setsockopt", err))
}

// wide is a UDP socket on all addresses of a family.
type wide struct {
	net.PacketConn
	read  func(b []byte) (n int, asked net.IP, from net.Addr, err error)
	write func(b []byte, from net.IP, to net.Addr) (int, error)
}

// asker is who sent a question, and the address it was sent to.
type asker struct {
	net.Addr
	asked net.IP
}

// ReadFrom implements net.PacketConn.
func (w wide) ReadFrom(b []byte) (int, net.Addr, error) {
	n, asked, from, err := w.read(b)
	if err != nil {
		return n, from, err
	}
	return n, asker{from, asked}, nil
}

// WriteTo implements net.PacketConn.
func (w wide) WriteTo(b []byte, to net.Addr) (int, error) {
	a, ok := to.(asker)
	if !ok {
		return w.PacketConn.WriteTo(b, to)
	}
	return w.write(b, a.asked, a.Addr)
}

func read4(p *ipv4.PacketConn) func([]byte) (int, net.IP, net.Addr, error) {
	return func(b []byte) (n int, asked net.IP, from net.Addr, err error) {
		n, m, from, err := p.ReadFrom(b)
		if m != nil {
			asked = m.Dst
		}
		return n, asked, from, err
	}
}

func write4(p *ipv4.PacketConn) func([]byte, net.IP, net.Addr) (int, error) {
	return func(b []byte, from net.IP, to net.Addr) (int, error) {
		return p.WriteTo(b, &ipv4.ControlMessage{Src: from}, to)
	}
}

func read6(p *ipv6.PacketConn) func([]byte) (int, net.IP, net.Addr, error) {
	return func(b []byte) (n int, asked net.IP, from net.Addr, err error) {
		n, m, from, err := p.ReadFrom(b)
		if m != nil {
			asked = m.Dst
		}
		return n, asked, from, err
	}
}

func write6(p *ipv6.PacketConn) func([]byte, net.IP, net.Addr) (int, error) {
	return func(b []byte, from net.IP, to net.Addr) (int, error) {
		return p.WriteTo(b, &ipv6.ControlMessage{Src: from}, to)
	}
}
