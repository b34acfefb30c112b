package netns

import (
	"fmt"
	"net"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// LoadModules loads what [Setup] needs for a redirect, which a user namespace
// may not do by itself.
const LoadModules = "sudo modprobe -a nf_tables nft_chain_nat nft_redir nf_conntrack_netlink"

// errNoRedirect says that the kernel cannot redirect connections: nothing of it
// is in force then.
type errNoRedirect struct {
	part string
	err  error
}

func (e *errNoRedirect) Error() string { return fmt.Sprintf("%s: %v", e.part, e.err) }
func (e *errNoRedirect) Unwrap() error { return e.err }

// canTrack asks how many connections this namespace has: without connection
// tracking a redirected connection cannot be told from another program's. (To
// list them would walk the table of the whole machine.)
func canTrack() error {
	const getStats = unix.NFNL_SUBSYS_CTNETLINK<<8 | 5  // IPCTNL_MSG_CT_GET_STATS
	r := nl.NewNetlinkRequest(getStats, unix.NLM_F_ACK) // the answer claims to have parts, but has no end
	r.AddData(&nl.Nfgenmsg{Version: nl.NFNETLINK_V0})
	if _, err := r.Execute(unix.NETLINK_NETFILTER, 0); err != nil {
		return &errNoRedirect{"nf_conntrack_netlink", err}
	}
	return nil
}

// redirect sends every DNS question and every TCP connection that is not to the
// sandbox's own addresses to our sockets. It returns the number of rules that
// the kernel lists afterwards.
func redirect() (int, error) {
	if err := canTrack(); err != nil {
		return 0, err
	}
	conn, err := nftables.New(nftables.AsLasting())
	if err != nil {
		return 0, &errNoRedirect{"nf_tables", err}
	}
	defer conn.CloseLasting()
	accept := nftables.ChainPolicyAccept
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "exeat"})
	chain := conn.AddChain(&nftables.Chain{
		Name: "out", Table: table, Type: nftables.ChainTypeNAT, Policy: &accept,
		Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityNATDest,
	})
	wanted := rules()
	for _, exprs := range wanted {
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: exprs})
	}
	if err := conn.Flush(); err != nil { // all of it or nothing
		return 0, &errNoRedirect{"nf_tables with nat", err}
	}
	listed, err := conn.GetRules(table, chain)
	if err != nil {
		return 0, fmt.Errorf("list the redirect: %w", err)
	}
	if len(listed) != len(wanted) {
		return 0, fmt.Errorf("%d of %d rules of the redirect are in force", len(listed), len(wanted))
	}
	return len(listed), nil
}

// rules is the chain, first match first.
func rules() [][]expr.Any {
	return [][]expr.Any{
		join(protocol(unix.IPPROTO_UDP), toPort(dnsPort), redirectTo(dnsPort)),
		join(protocol(unix.IPPROTO_TCP), toPort(dnsPort), redirectTo(dnsPort)),
		join(toV4(net.IPv4(127, 0, 0, 0).To4(), net.CIDRMask(8, 32)), accepted()),
		join(toV4(ownV4(), net.CIDRMask(32, 32)), accepted()),
		join(toV6(net.IPv6loopback), accepted()),
		join(toV6(ownV6()), accepted()),
		join(protocol(unix.IPPROTO_TCP), redirectTo(TransparentPort)),
	}
}

func join(parts ...[]expr.Any) []expr.Any {
	var all []expr.Any
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func accepted() []expr.Any { return []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}} }

func protocol(p byte) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{p})}
}

func family(f byte) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1}, equal([]byte{f})}
}

func equal(data []byte) expr.Any { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data} }

// toPort matches the destination port, bytes 2 and 3 of both TCP and UDP headers.
func toPort(p uint16) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		equal(binaryutil.BigEndian.PutUint16(p)),
	}
}

func redirectTo(p uint16) []expr.Any {
	return []expr.Any{
		&expr.Immediate{Register: 1, Data: binaryutil.BigEndian.PutUint16(p)},
		&expr.Redir{RegisterProtoMin: 1, RegisterProtoMax: 1, Flags: unix.NF_NAT_RANGE_PROTO_SPECIFIED},
	}
}

// toV4 matches the destination address, at byte 16 of the IPv4 header.
func toV4(ip net.IP, mask net.IPMask) []expr.Any {
	return join(family(unix.NFPROTO_IPV4), []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 16, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask, Xor: make([]byte, 4)},
		equal(ip),
	})
}

// toV6 matches the destination address, at byte 24 of the IPv6 header.
func toV6(ip net.IP) []expr.Any {
	return join(family(unix.NFPROTO_IPV6), []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 24, Len: 16},
		equal(ip.To16()),
	})
}
