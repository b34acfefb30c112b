package risk

import (
	"cmp"
	"maps"
	"slices"

	"exeat/policy"
)

// lostDenials says which deny rules of base no longer speak in candidate,
// where candidate still grants something at that host: the deny rule was what
// stood between.
func lostDenials(base, candidate *policy.Policy) []string {
	hosts := hostsOf(candidate)
	wild := slices.ContainsFunc(hosts, isWildcard)
	var out []string
	for _, g := range newGrants(denials(candidate), denials(base), func(place) bool { return false }) {
		if wild || isWildcard(g.host) || slices.Contains(hosts, g.host) {
			out = append(out, unforbidden+g.String())
		}
	}
	slices.SortFunc(out, cmp.Compare[string])
	return slices.Compact(out)
}

// unforbidden begins the sentences of lostDenials.
const unforbidden = "no longer forbidden: "

// denials are the deny rules of p as grants of what they forbid.
func denials(p *policy.Policy) []grant {
	return everywhere(p, forbiddenBy, func(g *grant, at place) {
		g.place = at
		g.untainted = false // deny rules do not ask for it
	})
}

// forbiddenBy is what an endpoint forbids whatever others allow. In audit its
// deny rules forbid nothing; one that names a path and reads what is asked for
// there takes that path from endpoints that do not.
func forbiddenBy(e *policy.Endpoint) []grant {
	reads := readsBodies(e)
	var out []grant
	if reads && e.Path != "" {
		out = append(out, grant{takes: true, asks: ask{protocol: e.Protocol}})
	}
	for _, rule := range e.DenyRules {
		switch {
		case e.Enforcement == policy.Audit:
		case reads:
			out = append(out, actionOf(e.Protocol, rule))
		default:
			out = append(out, requestOf(rule))
		}
	}
	return out
}

// readsBodies tells whether an endpoint judges what bodies or messages ask for.
func readsBodies(e *policy.Endpoint) bool {
	return e.Protocol != "" && e.Protocol != policy.REST && e.Protocol != policy.TCP
}

// readIn tells of a place whether p reads bodies at some host that it may stand for.
func readIn(p *policy.Policy) func(place) bool {
	type site struct {
		host string
		port int
	}
	known := map[site]bool{}
	return func(at place) bool {
		key := site{at.host, at.port}
		read, ok := known[key]
		if !ok {
			read = slices.ContainsFunc(p.Blocks, func(b policy.Block) bool {
				return slices.ContainsFunc(b.Endpoints, func(e policy.Endpoint) bool {
					return readsBodies(&e) && slices.Contains(e.Ports, at.port) && hostsMeet(e.Host, at.host)
				})
			})
			known[key] = read
		}
		return read
	}
}

func hostsOf(p *policy.Policy) []string {
	set := map[string]bool{}
	for _, block := range p.Blocks {
		for _, endpoint := range block.Endpoints {
			set[endpoint.Host] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}
