package policy

import (
	"net/netip"
	"slices"
	"strconv"
)

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

// opens warns of a prefix that opens nothing: in OpenShell, where allowed_ips are the only addresses of the host, it would close the others.
func (w *walker) opens(at place, prefix netip.Prefix) {
	if !slices.ContainsFunc(closedNetworks, prefix.Overlaps) {
		w.warn(at, "remove it", "%s changes nothing: public addresses are open, and allowed_ips only opens private ones (in OpenShell it closes all others)", prefix)
	}
}
