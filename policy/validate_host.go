package policy

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// ownName is the sandbox's name for its supervisor; nothing else answers to it.
const ownName = "exeat.local"

// host checks the host of an endpoint and gives its canonical form.
func (w *walker) host(at place, raw string) string {
	first, rest, _ := strings.Cut(raw, ".")
	if !strings.ContainsAny(raw, "*?[{") || strings.Contains(raw, ":") {
		return w.exactHost(at, raw)
	}
	if strings.ContainsAny(rest, "*?[{") {
		w.fail(at, "list the hosts one by one", "only the first label of a host may have wildcards: %s", strconv.Quote(shorten(raw)))
		return raw
	}
	if rest == "" {
		w.fail(at, "name the domain: *.example.com", "%s stands for every host", strconv.Quote(shorten(raw)))
		return raw
	}
	if strings.ContainsFunc(first, func(r rune) bool { return !isNameRune(r) && !strings.ContainsRune("*?[]!{}", r) }) {
		w.fail(at, "international names are matched as xn--...", "no host has a label like %s", strconv.Quote(shorten(first)))
		return raw
	}
	domain, err := CanonicalHost(rest)
	if err != nil {
		w.fail(at, "", "%s: %v", strconv.Quote(shorten(raw)), err)
		return raw
	}
	pattern := strings.ToLower(first) + "." + domain
	if w.registrable(at, pattern, domain) {
		w.glob(at, globHost, pattern)
	}
	return pattern
}

// registrable refuses wildcards on a suffix under which anyone can register a
// name of their own: *.com, *.co.uk, *.github.io.
func (w *walker) registrable(at place, pattern, domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	if _, err := netip.ParseAddr(domain); err == nil || suffix == domain {
		w.fail(at, "name the domain", "anyone can own a name that %s matches", pattern)
		return false
	}
	return true
}

func (w *walker) exactHost(at place, raw string) string {
	host, err := CanonicalHost(raw)
	if err != nil && strings.ContainsAny(raw, ":/@") {
		w.fail(at, "write the host alone, and the port into port", "%s is more than a host", strconv.Quote(shorten(raw)))
		return raw
	}
	if err != nil {
		w.fail(at, "", "%s is no host: %v", strconv.Quote(shorten(raw)), err)
		return raw
	}
	switch addr, err := netip.ParseAddr(host); {
	case err == nil:
		for _, never := range neverReached {
			if never.Contains(addr) {
				w.fail(at, "", "%s is %s, which no policy opens", host, never.name)
				break
			}
		}
	case host == "localhost" || strings.HasSuffix(host, ".localhost"):
		w.fail(at, "", "%s is loopback, which no policy opens", host)
	case host == ownName || strings.HasSuffix(host, "."+ownName):
		w.fail(at, "remove it: it is always there", "%s is the sandbox's own name for its supervisor", host)
	}
	return host
}
