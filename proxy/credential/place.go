package credential

import (
	"net/url"
	"strconv"
	"strings"
)

// place is where a secret may go: one host, one port, and where a path is named only what lies at or
// below it. It is written HOST[:PORT][/PATH]; without a port it is 443, and without a path every one.
type place struct {
	host string
	port int
	path string // "" or a prefix such as /v1, which never ends in a slash
}

const defaultPort = 443

// parsePlace reads a place in its canonical form or in one that canonicalPlace makes of it.
func parsePlace(s string) (place, bool) {
	authority, path, slash := strings.Cut(s, "/")
	host, port, ok := splitPort(authority)
	if slash {
		path = "/" + path
	}
	p := place{host, port, path}
	return p, ok && isHost(host) && host != "exeat.local" && (!slash || isPath(path))
}

// splitPort takes the port off; 443 stands for none.
func splitPort(authority string) (host string, port int, ok bool) {
	host, digits, given := strings.Cut(authority, ":")
	if !given {
		return host, defaultPort, true
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return host, int(n), err == nil && n > 0
}

// authority is host and port as a URL has them.
func (p place) authority() string {
	if p.port == defaultPort {
		return p.host
	}
	return p.host + ":" + strconv.Itoa(p.port)
}

// isPath accepts prefixes that every server and every proxy reads alike.
func isPath(path string) bool {
	for segment := range strings.SplitSeq(path[1:], "/") {
		if !consists(segment, lower+upper+digits+"._~-@", 255) || strings.Trim(segment, ".") == "" {
			return false
		}
	}
	return true
}

// canonicalPlace lowers the host and drops its last dot and port 443; the path keeps its case. What
// cannot be read is returned as it is, for the error that names it.
func canonicalPlace(s string) string {
	authority, path, slash := strings.Cut(s, "/")
	host, port, ok := splitPort(authority)
	if !ok {
		return s
	}
	out := place{host: canonicalHost(host), port: port}.authority()
	if path = strings.TrimRight(path, "/"); slash && path != "" {
		out += "/" + path
	}
	return out
}

// destination is where a request goes.
type destination struct {
	host string // canonical
	port int
	path []string // as a server may read it: decoded, in segments; nil: not known
}

// destinationOf reads HOST[:PORT][/PATH] as the proxy names it; the path of a target, where there is
// one, counts instead. IPv6 literals keep a form that no place has.
func destinationOf(to string, target *url.URL) destination {
	authority, path, slash := strings.Cut(to, "/")
	host, port, ok := splitPort(authority)
	if !ok {
		host, port = authority, 0
	}
	d := destination{host: canonicalHost(host), port: port}
	switch {
	case target != nil:
		d.path = segments(target.Path)
	case slash:
		d.path = segments("/" + unescape(path))
	}
	return d
}

// segments splits a decoded path where any server would: some take a backslash for a slash, and some
// drop what follows a semicolon.
func segments(path string) []string {
	all := strings.Split(strings.ReplaceAll(path, `\`, "/"), "/")
	for i, s := range all {
		all[i], _, _ = strings.Cut(s, ";")
	}
	return all
}

func (p place) hosts(d destination) bool { return p.host == d.host && p.port == d.port }

// contains tells whether a request to d is one for the secret. A path that climbs is not: what it
// names depends on who reads it.
func (p place) contains(d destination) bool {
	if !p.hosts(d) {
		return false
	}
	if p.path == "" {
		return true
	}
	want := strings.Split(p.path, "/")
	if len(d.path) < len(want) {
		return false
	}
	for i, s := range d.path {
		if s == ".." || s == "." || i < len(want) && s != want[i] {
			return false
		}
	}
	return true
}
