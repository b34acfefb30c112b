package policy

import (
	"iter"
	"strings"
)

// hostIndex finds the endpoints of a host by a lookup for it and one for each
// domain above it, however many endpoints there are.
type hostIndex struct {
	nodes    map[string]*hostNode
	shortest int // the shortest name below which a wildcard stands; 0 without any
}

// hostNode holds the endpoints whose pattern ends in one name.
type hostNode struct {
	exact []*endpoint // that name
	child []*endpoint // one label below it: *.name, api-*.name
	below []*endpoint // any number of labels below it: **.name
}

func (x *hostIndex) add(e *endpoint, pattern string) {
	first, rest, _ := strings.Cut(pattern, ".")
	if isWildcard(first) && (x.shortest == 0 || len(rest) < x.shortest) {
		x.shortest = len(rest)
	}
	switch {
	case first == "**":
		n := x.node(rest)
		n.below = append(n.below, e)
	case isWildcard(first):
		n := x.node(rest)
		n.child = append(n.child, e)
	default:
		n := x.node(pattern)
		n.exact = append(n.exact, e)
	}
}

func (x *hostIndex) node(name string) *hostNode {
	n := x.nodes[name]
	if n == nil {
		n = &hostNode{}
		x.nodes[name] = n
	}
	return n
}

// matching are the endpoints whose host pattern matches host.
func (x *hostIndex) matching(host string) iter.Seq[*endpoint] {
	return func(yield func(*endpoint) bool) {
		if n := x.nodes[host]; n != nil && !each(n.exact, host, yield) {
			return
		}
		_, parent, more := strings.Cut(host, ".")
		for level := 0; more && x.shortest > 0 && len(parent) >= x.shortest; level++ {
			n := x.nodes[parent]
			if n != nil && level == 0 && !each(n.child, host, yield) {
				return
			}
			if n != nil && !each(n.below, host, yield) {
				return
			}
			_, parent, more = strings.Cut(parent, ".")
		}
	}
}

func each(list []*endpoint, host string, yield func(*endpoint) bool) bool {
	for _, e := range list {
		if e.host != nil && !e.host.match(host) {
			continue
		}
		if !yield(e) {
			return false
		}
	}
	return true
}
