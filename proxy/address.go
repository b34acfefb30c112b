package proxy

import (
	"fmt"
	"net/netip"

	"exeat/policy"
)

// Networks of IPv6 in which the last four bytes are an IPv4 address.
var translated = prefixes(
	"::/96",           // IPv4-compatible, RFC 4291 2.5.5.1
	"::ffff:0:0:0/96", // SIIT, RFC 2765
	"64:ff9b::/96",    // NAT64, RFC 6052
)

var (
	localNAT64 = prefixes("64:ff9b:1::/48") // RFC 8215
	teredo     = prefixes("2001::/32")
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// addressError says why an address is not dialled. Missing is the line that would allow it, or empty.
type addressError struct {
	Reason  string
	Missing string
}

func (e *addressError) Error() string { return e.Reason }

// checkAddresses passes only if every address of host may be dialled: an answer that mixes a public
// address with an internal one is how DNS rebinding looks.
func (u *upstream) checkAddresses(host string, addresses []netip.Addr, allowed []netip.Prefix) error {
	this, err := u.interfaces.now()
	if err != nil {
		return err
	}
	literal, _ := parseLiteral(host)
	for _, a := range addresses {
		if err := this.checkAddress(a, a == literal, allowed); err != nil {
			return err
		}
	}
	return nil
}

func (o own) checkAddress(a netip.Addr, literal bool, allowed []netip.Prefix) error {
	if a.Zone() != "" {
		return &addressError{Reason: fmt.Sprintf("address %s is bound to a link of this machine", a)}
	}
	forms := disguises(a)
	shown := a.Unmap() // resolvers give 10.0.0.1 as ::ffff:10.0.0.1, and a policy names the former
	for _, form := range forms {
		switch {
		case policy.IsNeverReached(form):
			return &addressError{Reason: fmt.Sprintf("address %s is never reachable from a sandbox", shown)}
		case o.has(form):
			return &addressError{Reason: fmt.Sprintf("address %s is this machine's own: only its ports lent with --host-port are reachable", shown)}
		}
	}
	for _, form := range forms {
		if (policy.IsClosed(form) || contains(o.links, form)) && !literal && !contains(allowed, form) {
			return &addressError{
				Reason:  fmt.Sprintf("address %s is in a private network", shown),
				Missing: fmt.Sprintf("allowed_ips: [%q]", netip.PrefixFrom(form, form.BitLen()).String()),
			}
		}
	}
	return nil
}

// disguises returns the address and every IPv4 address that IPv6 can carry it as: an embedded address
// is reached through a translator or a tunnel, past a check that looks at the outer one only.
func disguises(a netip.Addr) []netip.Addr {
	if a.Is4() {
		return []netip.Addr{a}
	}
	if a.Is4In6() { // ::ffff:0:0/96, RFC 4291 2.5.5.2
		return []netip.Addr{a.Unmap()}
	}
	b := a.As16()
	forms := []netip.Addr{a}
	last := netip.AddrFrom4([4]byte(b[12:16]))
	switch {
	case a == netip.IPv6Unspecified(), a == netip.IPv6Loopback():
	case contains(translated, a):
		forms = append(forms, last)
	case contains(localNAT64, a):
		forms = append(append(forms, last), localForms(b)...)
	case b[0] == 0x20 && b[1] == 0x02: // 6to4, RFC 3056
		forms = append(forms, netip.AddrFrom4([4]byte(b[2:6])))
	case contains(teredo, a): // Teredo, RFC 4380: server, and the client inverted
		client := [4]byte{^b[12], ^b[13], ^b[14], ^b[15]}
		forms = append(forms, netip.AddrFrom4([4]byte(b[4:8])), netip.AddrFrom4(client))
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // ISATAP, RFC 5214
		forms = append(forms, last)
	}
	return forms
}

// localForms returns what else an address of local-use NAT64 may stand for: whoever runs the translator
// chooses the length of the prefix, and with it the place of the IPv4 address (RFC 6052 2.2: 48, 56 or 64
// bits beside the usual 96; bits 64 to 71 are left out). What begins with zero is padding.
func localForms(b [16]byte) (forms []netip.Addr) {
	for _, four := range [][4]byte{{b[6], b[7], b[9], b[10]}, {b[7], b[9], b[10], b[11]}, {b[9], b[10], b[11], b[12]}} {
		if four[0] != 0 {
			forms = append(forms, netip.AddrFrom4(four))
		}
	}
	return forms
}
