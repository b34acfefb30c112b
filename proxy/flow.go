package proxy

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"

	"exeat/policy"
	"exeat/proxy/identity"
)

// insideName is the host at which the sandbox finds its own read-only endpoint.
const insideName = "exeat.local"

// flow is one connection, or one request of the explicit door, whose caller and destination are known.
type flow struct {
	conn   net.Conn // the client, nothing read yet; nil for a request of the explicit door
	socket *socket  // below conn
	caller identity.Caller
	host   string // canonical name or literal address
	port   int

	secure bool     // TLS was terminated
	sni    string   // canonical, "" if the client sent none
	offers []string // application protocols the client offered

	named   atomic.Pointer[string] // an authority that was found to be this flow's
	verdict *refusal               // set: the answer to every request, whatever it asks
	judged  atomic.Bool            // something about this flow was recorded
}

func (f *flow) destination() policy.Destination {
	return policy.Destination{
		Host: f.host,
		Port: f.port,
		Caller: policy.Caller{
			Exe:       f.caller.Exe,
			Ancestors: f.caller.Ancestors,
			Tainted:   f.caller.Tainted,
			Unknown:   f.caller.Unknown,
		},
	}
}

// isInside reports whether the flow goes to the sandbox's own endpoint.
func (s *Server) isInside(f *flow) bool {
	return s.cfg.Inside != nil && f.host == insideName && f.port == 80
}

func (f *flow) scheme() (name string, port int) {
	if f.secure {
		return "https", 443
	}
	return "http", 80
}

// authority is host:port; short leaves the scheme's own port out, as a Host field does.
func (f *flow) authority(short bool) string {
	if _, port := f.scheme(); short && port == f.port {
		if isIPv6(f.host) {
			return "[" + f.host + "]"
		}
		return f.host
	}
	return net.JoinHostPort(f.host, strconv.Itoa(f.port))
}

// splitAuthority reads the host and port of a CONNECT target or a Host field. The default stands for
// a missing port; 0 means that there must be one.
func splitAuthority(authority string, defaultPort int) (host string, port int, err error) {
	name, digits, err := net.SplitHostPort(authority)
	if err != nil {
		if defaultPort == 0 {
			return "", 0, bad("the destination is not host:port")
		}
		name, digits = trimBrackets(authority), strconv.Itoa(defaultPort)
	}
	if strings.HasPrefix(authority, "[") && !isIPv6(name) {
		return "", 0, bad("the destination's host is in brackets and is no IPv6 address")
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return "", 0, bad("the destination's port is not a number from 1 to 65535")
	}
	if host, err = policy.CanonicalHost(name); err != nil {
		return "", 0, bad("the destination's host: %v", err)
	}
	return host, int(n), nil
}

// trimBrackets takes the brackets of an IPv6 literal off.
func trimBrackets(s string) string {
	if len(s) > 1 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}

func isIPv6(host string) bool { return strings.Contains(host, ":") }

func isLiteral(host string) bool {
	_, ok := parseLiteral(host)
	return ok
}

// parseLiteral reads an address. What ends in a letter and has no colon is a name, and not worth an error.
func parseLiteral(host string) (netip.Addr, bool) {
	if n := len(host); n == 0 || !isIPv6(host) && (host[n-1] < '0' || host[n-1] > '9') {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(host)
	return a, err == nil
}
