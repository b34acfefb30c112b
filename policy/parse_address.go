package policy

import (
	"net/netip"
	"strconv"
)

// metadata is where clouds hand out the credentials of their machines.
const metadata = "a cloud's metadata service"

// neverReached are the ranges no policy opens (SSRF): they lead to the proxy's own
// host, to its links and to its cloud. A rule for one of them could match nothing.
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
	amid("168.63.129.16/32", metadata),   // Azure
	amid("100.100.100.200/32", metadata), // Alibaba
	amid("fd00:100::100:200/128", metadata),
	amid("192.0.0.192/32", metadata), // Oracle
	amid("fd00:c1::a9fe:a9fe/128", metadata),
	amid("fd00:ec2::/32", metadata),         // AWS
	amid("fd20:ce::254/128", metadata),      // Google
	amid("fd00:42::42/128", metadata),       // Scaleway
	amid("fd00:a9fe:a9fe::1/128", metadata), // Linode
}

// unopened is a range that no policy opens.
type unopened struct {
	netip.Prefix
	name string
	amid bool // it lies among private addresses, and a range of those may well hold it: it stays closed there
}

func never(prefix, name string) unopened { return unopened{netip.MustParsePrefix(prefix), name, false} }

func amid(prefix, name string) unopened { return unopened{netip.MustParsePrefix(prefix), name, true} }

// forbids tells whether a range of allowed_ips is a mistake.
func (u unopened) forbids(p netip.Prefix) bool {
	return p.Overlaps(u.Prefix) && (!u.amid || p.Bits() >= u.Bits())
}

// allowedIP checks a private range the endpoint opens, and writes it as a prefix.
func (w *walker) allowedIP(at place, raw string) string {
	prefix, err := netip.ParsePrefix(raw)
	if addr, single := netip.ParseAddr(raw); single == nil && addr.Zone() == "" {
		prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		w.fail(at, "such as 10.1.0.0/16", "want an address or a range, got %s", strconv.Quote(shorten(raw)))
		return raw
	}
	if prefix != prefix.Masked() {
		w.fail(at, "write "+prefix.Masked().String(), "%s has bits set behind its length", prefix)
	}
	for _, never := range neverReached {
		if never.forbids(prefix) {
			w.fail(at, "", "%s holds %s, which no policy opens", prefix, never.name)
			return prefix.String()
		}
	}
	w.opens(at, prefix)
	return prefix.String()
}
