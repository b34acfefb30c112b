package risk

import (
	"iter"
	"net/url"
	"slices"

	"exeat/policy"
)

// grant is the smallest thing a policy gives: to one binary, at one host and
// port, requests of certain methods below one path. It is comparable but for
// its methods.
type grant struct {
	place
	path    string // glob; "" is every path the selector admits
	query   string
	methods []string // sorted; nil is every method
	asks    ask      // what a body or message may ask for; zero where nobody reads it
	git     byGit    // what git may do; zero where its requests are like others
	raw     tunnel   // uninspected: bytes, not requests
	audit   bool     // every request, whatever the rules say
	takes   bool     // nothing: its place is taken from endpoints that do not read what is asked for there
}

// place is where a grant holds and for whom.
type place struct {
	host        string
	port        int
	selector    string // path selector of the endpoint
	binary      string
	descendants bool
	untainted   bool
}

// places are where the endpoint with that index holds, and for whom.
func places(block *policy.Block, i int) iter.Seq[place] {
	return func(yield func(place) bool) {
		e := &block.Endpoints[i]
		for _, port := range e.Ports {
			for _, b := range block.Binaries {
				if !yield(place{e.Host, port, e.Path, b.Path, b.Descendants, b.Untainted}) {
					return
				}
			}
		}
	}
}

// everywhere lists what an endpoint of p gives by itself, once for each place where it holds; put adds the place. There
// are at most maxGrants.
func everywhere[T any](p *policy.Policy, gives func(*policy.Endpoint) []T, put func(*T, place)) []T {
	var out []T
	for _, block := range p.Blocks {
		for i := range block.Endpoints {
			given := gives(&block.Endpoints[i])
			for at := range places(&block, i) {
				for _, one := range given {
					if len(out) == maxGrants {
						return out
					}
					put(&one, at)
					out = append(out, one)
				}
			}
		}
	}
	return out
}

// maxGrants bounds the work: rules and binaries of a block multiply, and the
// text may be an agent's.
const maxGrants = 20_000

// grantsOf lists what p gives in the effective reading; cut says that there was more.
func grantsOf(p *policy.Policy) (grants []grant, cut bool) {
	for _, block := range p.Blocks {
		for i := range block.Endpoints {
			asked, port := []grant(nil), 0
			for at := range places(&block, i) {
				if at.port != port {
					asked, port = requestsOf(p, &block.Endpoints[i], at.port), at.port
				}
				if len(grants)+len(asked) > maxGrants {
					return grants, true
				}
				for _, g := range asked {
					g.place = at
					grants = append(grants, g)
				}
			}
		}
	}
	return grants, false
}

var (
	readMethods  = []string{"GET", "HEAD", "OPTIONS"}
	writeMethods = []string{"GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
)

// requestsOf are the requests an endpoint of p allows at one of its ports, without place.
func requestsOf(p *policy.Policy, e *policy.Endpoint, port int) []grant {
	switch {
	case e.Protocol == "", e.Protocol == policy.TCP:
		return tunnelsOf(p, e, port)
	case e.Protocol != policy.REST:
		return actionsOf(e)
	case e.Enforcement == policy.Audit:
		return []grant{{audit: true}}
	}
	switch e.Access {
	case policy.ReadOnly:
		return []grant{{methods: readMethods}}
	case policy.ReadWrite:
		return []grant{{methods: writeMethods}}
	case policy.Full:
		return []grant{{}}
	}
	var out []grant
	for _, rule := range e.Rules {
		if rule.Git != nil {
			out = append(out, gitOf(rule.Git)...)
			continue
		}
		out = append(out, requestOf(rule))
	}
	return out
}

func requestOf(rule policy.Match) grant {
	g := grant{path: rule.Path, query: queryText(rule.Query)}
	if rule.Path == "/**" || rule.Path == "**" {
		g.path = ""
	}
	switch rule.Method {
	case "", "*":
	case "GET":
		g.methods = []string{"GET", "HEAD"} // a rule for GET covers HEAD
	default:
		g.methods = []string{rule.Method}
	}
	return g
}

// queryText writes query matchers as one string that can be compared and read.
func queryText(query map[string][]string) string {
	if len(query) == 0 {
		return ""
	}
	return url.Values(query).Encode()
}

// covers says that g allows nothing which have does not. It errs towards no. Where bodies are read, what is allowed of
// other requests at the same host says nothing about what may be asked for in those, nor about the paths at which they are.
func (have grant) covers(g grant, read bool) bool {
	if g.descendants && !have.descendants || have.untainted && !g.untainted {
		return false
	}
	g.descendants, g.untainted = have.descendants, have.untainted
	if have.selector == "" && !read {
		g.selector = ""
	}
	switch {
	case have.place != g.place, have.takes != g.takes, read && have.asks.protocol != g.asks.protocol && have.raw == (tunnel{}):
		return false
	case have.raw != (tunnel{}) || g.raw != (tunnel{}):
		return have.raw.cover(g.raw)
	case have.audit || g.audit:
		return have.audit && (have.asks.protocol == g.asks.protocol || have.asks == ask{})
	}
	return have.coversAction(g) && have.coversGit(g) && (have.path == "" || have.path == g.path) &&
		(have.query == "" || have.query == g.query) &&
		(have.methods == nil || g.methods != nil && !slices.ContainsFunc(g.methods, func(m string) bool {
			return !slices.Contains(have.methods, m)
		}))
}

// newGrants are those of after that no single grant of before covers. Where read says so of a host and a port, bodies were read.
func newGrants(before, after []grant, read func(place) bool) []grant {
	type site struct {
		host, binary string
		port         int
	}
	at := map[site][]grant{}
	for _, g := range before {
		key := site{g.host, g.binary, g.port}
		at[key] = append(at[key], g)
	}
	var added []grant
	for _, g := range after {
		have, read := at[site{g.host, g.binary, g.port}], read(g.place)
		if !slices.ContainsFunc(have, func(h grant) bool { return h.covers(g, read) }) {
			added = append(added, g)
		}
	}
	return added
}
