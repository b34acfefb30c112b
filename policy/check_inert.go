package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// unread finds rules of protocol rest for one path at which another endpoint of the same programs reads what is asked for:
// they add nothing there, see readsAt.
func (c *checker) unread(path string, b *Block, e *Endpoint) {
	if e.Protocol != REST || e.Path != "" {
		return
	}
	for i, rule := range e.Rules {
		if rule.Git != nil || rule.Path == "" || strings.ContainsAny(rule.Path, "*?[") {
			continue
		}
		if by := c.policy.reader(b, e, rule.Path); by != nil {
			c.add(FindingUnreadRule, fmt.Sprintf("%s.rules[%d].allow", path, i), rule.Pos, fmt.Sprintf(
				"this adds nothing: %s at %s reads what is asked for there", by.Protocol, by.destination())).
				Hint = "write a rule for that endpoint"
		}
	}
}

// reader is an endpoint that reads what is asked for at a path, for every program of the block.
func (p *Policy) reader(b *Block, e *Endpoint, path string) *Endpoint {
	for i := range p.Blocks {
		if !p.Blocks[i].coversBinaries(b) {
			continue
		}
		for k := range p.Blocks[i].Endpoints {
			other := &p.Blocks[i].Endpoints[k]
			if slices.Contains([]string{GraphQL, MCP, JSONRPC}, other.Protocol) && other.Host == e.Host && other.readsOnly(path) &&
				!slices.ContainsFunc(e.Ports, func(port int) bool { return !slices.Contains(other.Ports, port) }) {
				return other
			}
		}
	}
	return nil
}

// readsOnly reports that the endpoint names a path, and this one is meant.
func (e *Endpoint) readsOnly(path string) bool {
	selector, err := compileGlob(globPath, e.Path, true)
	return e.Path != "" && err == nil && selector.match(strings.ToLower(path))
}

// coversBinaries reports that the block admits whoever other admits, as far as their texts say.
func (b *Block) coversBinaries(other *Block) bool {
	return !slices.ContainsFunc(other.Binaries, func(binary Binary) bool {
		return !slices.ContainsFunc(b.Binaries, func(have Binary) bool {
			return have.Path == binary.Path && (have.Descendants || !binary.Descendants)
		})
	})
}

// closedNetworks are somebody's own: nothing but allowed_ips opens them.
var closedNetworks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("64:ff9b:1::/48"),
}

// IsClosed tells whether an address is in a network that is somebody's own: open only where a policy names it.
func IsClosed(a netip.Addr) bool {
	return slices.ContainsFunc(closedNetworks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// opens warns of a prefix that opens nothing: in OpenShell, where allowed_ips are the only addresses of the host, it would close the others.
func (w *walker) opens(at place, prefix netip.Prefix) {
	if !slices.ContainsFunc(closedNetworks, prefix.Overlaps) {
		w.warn(at, "remove it", "%s changes nothing: public addresses are open, and allowed_ips only opens private ones (in OpenShell it closes all others)", prefix)
	}
}
