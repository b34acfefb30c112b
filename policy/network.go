package policy

import (
	"net/netip"
	"slices"
)

// metadata is where clouds hand out the credentials of their machines.
const metadata = "a cloud's metadata service"

// neverReached are the ranges no policy opens (SSRF), whatever name leads to them: they are this machine, its links,
// and the places where clouds hand their credentials out. A rule for one of them could match nothing. Those without a
// name of a cloud are special-purpose addresses (RFC 6890).
var neverReached = []unopened{
	never("127.0.0.0/8", "loopback"),
	never("::1/128", "loopback"),
	never("169.254.0.0/16", "link-local"),
	never("fe80::/10", "link-local"),
	never("0.0.0.0/8", "the unspecified address"),
	never("::/128", "the unspecified address"),
	// An IPv4 address in IPv6 clothes would pass for another one.
	never("::ffff:0:0/96", "mapped IPv4 addresses"),
	amid("224.0.0.0/4", "a multicast address"),
	amid("ff00::/8", "a multicast address"),
	amid("240.0.0.0/4", "a reserved address"),
	amid("100::/64", "the discard prefix"),
	amid("168.63.129.16/32", metadata),       // Azure
	amid("100.100.100.200/32", metadata),     // Alibaba
	amid("fd00:100::100:200/128", metadata),  // Alibaba
	amid("192.0.0.192/32", metadata),         // Oracle
	amid("fd00:c1::a9fe:a9fe/128", metadata), // Oracle
	amid("fd00:ec2::/32", metadata),          // AWS
	amid("fd20:ce::254/128", metadata),       // Google
	amid("fd00:42::42/128", metadata),        // Scaleway
	amid("fd00:a9fe:a9fe::1/128", metadata),  // Linode
}

// unopened is a range that no policy opens.
type unopened struct {
	netip.Prefix
	name string
	amid bool // it lies among private addresses, and a range of those may well hold it: it stays closed there
}

func never(prefix, name string) unopened { return unopened{netip.MustParsePrefix(prefix), name, false} }

func amid(prefix, name string) unopened { return unopened{netip.MustParsePrefix(prefix), name, true} }

// IsNeverReached tells whether an address is in a range that no policy opens.
func IsNeverReached(a netip.Addr) bool {
	return slices.ContainsFunc(neverReached, func(u unopened) bool { return u.Contains(a) })
}

// forbids tells whether a range of allowed_ips is a mistake.
func (u unopened) forbids(p netip.Prefix) bool {
	return p.Overlaps(u.Prefix) && (!u.amid || p.Bits() >= u.Bits())
}

// closedNetworks are somebody's own: nothing but allowed_ips opens them.
var closedNetworks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), // private networks, RFC 1918
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),  // shared by the customers of a provider, RFC 6598
	netip.MustParsePrefix("198.18.0.0/15"),  // benchmarks, RFC 2544
	netip.MustParsePrefix("192.0.0.0/24"),   // protocol assignments, RFC 6890
	netip.MustParsePrefix("fc00::/7"),       // unique local addresses, RFC 4193
	netip.MustParsePrefix("fec0::/10"),      // site-local addresses, as they were before RFC 3879
	netip.MustParsePrefix("64:ff9b:1::/48"), // NAT64 of one's own, RFC 8215
}

// IsClosed tells whether an address is in a network that is somebody's own: open only where a policy names it.
func IsClosed(a netip.Addr) bool {
	return slices.ContainsFunc(closedNetworks, func(p netip.Prefix) bool { return p.Contains(a) })
}
