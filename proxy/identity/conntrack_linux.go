package identity

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// The interface of linux/netfilter/nfnetlink_conntrack.h.
const (
	conntrackGet = 1<<8 | 1 // NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET
	nfgenmsg     = 4        // size of the header behind netlink's

	tupleOriginal = 1 // CTA_TUPLE_ORIG
	tupleReply    = 2 // CTA_TUPLE_REPLY
	tupleIP       = 1 // CTA_TUPLE_IP
	tupleProtocol = 2 // CTA_TUPLE_PROTO

	ipV4From, ipV4To, ipV6From, ipV6To = 1, 2, 3, 4 // CTA_IP_V4_SRC ...
	protocolNumber                     = 1          // CTA_PROTO_NUM
	portFrom, portTo                   = 2, 3       // CTA_PROTO_SRC_PORT, CTA_PROTO_DST_PORT
)

// conntrack knows both ends of a redirected connection as the program made them.
//
// The redirect gives all connections one destination. Two from the same port to different hosts then
// would be one connection for the kernel, and it changes the port of the second. So the address that an
// accepted connection comes from may be the port of another program's socket, and a program that makes
// many connections gets, sooner or later, one that looks like an allowed program's.
type conntrack struct{ netlink *netlink }

// newConntrack is nil where nothing is redirected.
func newConntrack(f *os.File) (*conntrack, error) {
	if f == nil {
		return nil, nil
	}
	n, err := newNetlink(f, "conntrack")
	return &conntrack{n}, err
}

// source returns where a connection that was redirected to door, and there comes from seen, was really
// made from, if it was made to original.
func (c *conntrack) source(seen, door, original netip.AddrPort) (netip.AddrPort, error) {
	if c == nil {
		return netip.AddrPort{}, errors.New("a redirected connection where nothing is redirected")
	}
	m, err := c.netlink.ask(conntrackQuestion(unmapped(door), unmapped(seen)))
	if err != nil {
		return netip.AddrPort{}, err
	}
	if len(m) < netlinkHeader+nfgenmsg {
		return netip.AddrPort{}, errors.New("a short answer")
	}
	from, to, err := readTuple(attribute(m[netlinkHeader+nfgenmsg:], tupleOriginal))
	if err != nil {
		return netip.AddrPort{}, err
	}
	if to != unmapped(original) {
		return netip.AddrPort{}, errNoSocket
	}
	return from, nil
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// conntrackQuestion asks for the connection whose answers go from one address to the other.
func conntrackQuestion(from, to netip.AddrPort) []byte {
	family, ipFrom, ipTo := byte(unix.AF_INET), ipV4From, ipV4To
	if from.Addr().Is6() {
		family, ipFrom, ipTo = unix.AF_INET6, ipV6From, ipV6To
	}
	addresses := append(encode(ipFrom, from.Addr().AsSlice()), encode(ipTo, to.Addr().AsSlice())...)
	ports := append(encode(protocolNumber, []byte{unix.IPPROTO_TCP}), encode(portFrom, bigEndian(from.Port()))...)
	ports = append(ports, encode(portTo, bigEndian(to.Port()))...)
	tuple := append(encode(tupleIP|unix.NLA_F_NESTED, addresses), encode(tupleProtocol|unix.NLA_F_NESTED, ports)...)

	m := make([]byte, netlinkHeader+nfgenmsg)
	m[netlinkHeader] = family
	m = append(m, encode(tupleReply|unix.NLA_F_NESTED, tuple)...)
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	binary.NativeEndian.PutUint16(m[4:], conntrackGet)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST)
	return m
}

func bigEndian(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

// attributeHeader is the size of struct nlattr; attributes begin at multiples of it.
const attributeHeader = 4

func encode(kind int, value []byte) []byte {
	a := binary.NativeEndian.AppendUint16(nil, uint16(attributeHeader+len(value)))
	a = append(binary.NativeEndian.AppendUint16(a, uint16(kind)), value...)
	return append(a, make([]byte, -len(a)&(attributeHeader-1))...)
}

// attribute returns the value of the first attribute of a kind, nil where there is none.
func attribute(all []byte, kind uint16) []byte {
	for len(all) >= attributeHeader {
		size := int(binary.NativeEndian.Uint16(all))
		if size < attributeHeader || size > len(all) {
			return nil
		}
		if binary.NativeEndian.Uint16(all[2:])&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER) == kind {
			return all[attributeHeader:size]
		}
		all = all[min(len(all), (size+attributeHeader-1)&^(attributeHeader-1)):]
	}
	return nil
}

// readTuple reads the two ends of a connection.
func readTuple(tuple []byte) (from, to netip.AddrPort, err error) {
	ip, ports := attribute(tuple, tupleIP), attribute(tuple, tupleProtocol)
	source, target := attribute(ip, ipV4From), attribute(ip, ipV4To)
	if source == nil {
		source, target = attribute(ip, ipV6From), attribute(ip, ipV6To)
	}
	a, okA := netip.AddrFromSlice(source)
	b, okB := netip.AddrFromSlice(target)
	p, q := attribute(ports, portFrom), attribute(ports, portTo)
	if !okA || !okB || len(p) != 2 || len(q) != 2 {
		return from, to, errors.New("the kernel's connection is not understood")
	}
	return netip.AddrPortFrom(a, binary.BigEndian.Uint16(p)), netip.AddrPortFrom(b, binary.BigEndian.Uint16(q)), nil
}
