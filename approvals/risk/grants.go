package risk

import (
	"fmt"
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
	asks    string   // what a body or message may ask for, after its protocol: "graphql query viewer"; "" where nobody reads it
	git     byGit    // what git may do; zero where its requests are like others
	raw     bool     // uninspected: bytes, not requests
	audit   bool     // every request, whatever the rules say
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

// maxGrants bounds the work: rules and binaries of a block multiply, and the
// text may be an agent's.
const maxGrants = 20_000

// grantsOf lists what p gives in the effective reading; cut says that there was more.
func grantsOf(p *policy.Policy) (grants []grant, cut bool) {
	narrowed := narrowedEndpoints(p)
	for _, block := range p.Blocks {
		for i, endpoint := range block.Endpoints {
			asked := requestsOf(endpoint, narrowed[endpointKey(block.Key, i)])
			for at := range places(&block, i) {
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

// narrowedEndpoints are those that are uninspected as written and read as
// read-only, because another endpoint inspects the same host.
func narrowedEndpoints(p *policy.Policy) map[string]bool {
	narrowed := map[string]bool{}
	for _, finding := range policy.Check(p) {
		if finding.Code == policy.FindingReadNarrower {
			narrowed[finding.Path] = true
		}
	}
	return narrowed
}

func endpointKey(block string, i int) string {
	return fmt.Sprintf("network_policies.%s.endpoints[%d]", block, i)
}

var (
	readMethods  = []string{"GET", "HEAD", "OPTIONS"}
	writeMethods = []string{"GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
)

// requestsOf are the requests an endpoint allows, without place.
func requestsOf(e policy.Endpoint, narrowed bool) []grant {
	switch {
	case narrowed:
		return []grant{{methods: readMethods}, {methods: []string{"POST"}, path: "/**/git-upload-pack"}}
	case e.Protocol == "", e.Protocol == policy.TCP:
		return []grant{{raw: true}}
	case e.Enforcement == policy.Audit:
		return []grant{{audit: true}}
	case e.Protocol != policy.REST:
		return actionsOf(e)
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

// covers says that g allows nothing which have does not.
func (have grant) covers(g grant) bool {
	if g.descendants && !have.descendants || have.untainted && !g.untainted {
		return false
	}
	g.descendants, g.untainted = have.descendants, have.untainted
	if have.selector == "" {
		g.selector = ""
	}
	if have.place != g.place {
		return false
	}
	if have.raw || g.raw {
		return have.raw
	}
	if have.audit || g.audit {
		return have.audit
	}
	return have.coversAction(g) && have.coversGit(g) && (have.path == "" || have.path == g.path) &&
		(have.query == "" || have.query == g.query) &&
		(have.methods == nil || g.methods != nil && !slices.ContainsFunc(g.methods, func(m string) bool {
			return !slices.Contains(have.methods, m)
		}))
}

// newGrants are those of after that no single grant of before covers.
func newGrants(before, after []grant) []grant {
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
		have := at[site{g.host, g.binary, g.port}]
		if !slices.ContainsFunc(have, func(h grant) bool { return h.covers(g) }) {
			added = append(added, g)
		}
	}
	return added
}
