package policy

import (
	"reflect"
	"slices"
	"strings"
)

// Wanted is one request or connection that was denied. A connection has no Method.
type Wanted struct {
	Host      string   `json:"host"`
	Port      int      `json:"port"`
	Protocol  string   `json:"protocol"` // "rest", or "l4" where no request was seen
	Method    string   `json:"method"`
	Path      string   `json:"path"`
	Query     string   `json:"query,omitempty"`
	Binary    string   `json:"binary"`
	Ancestors []string `json:"ancestors,omitempty"` // nearest first
	Tainted   string   `json:"tainted,omitempty"`   // see Caller
}

// isAction reports a request that was judged by what its body asks for. A rule
// about its method and path would allow everything that can be asked there.
func (w Wanted) isAction() bool {
	return !slices.Contains([]string{"", REST, layerConnection}, w.Protocol)
}

// Option is one way to allow what was wanted.
type Option struct {
	Operations []Operation `json:"operations"`
	Permits    []string    `json:"permits"` // one sentence each, what it newly allows
	Risk       string      `json:"risk"`    // RiskNarrow or RiskWide
}

// Values of Option.Risk. Narrow allows what was wanted, to programs that could
// already reach the host or that wanted it; wide allows more.
const (
	RiskNarrow = "narrow"
	RiskWide   = "wide"
)

// maxOptions is how many ways are worth reading.
const maxOptions = 3

// Suggest gives the smallest additions to p that allow all that is wanted,
// smallest first. There are none where no addition can help (a deny rule, a
// request judged by its body, whose denial names the line to add; an unknown program) and none where p already
// allows everything. Each option is tried on an engine before it is given.
func Suggest(p *Policy, wanted []Wanted) []Option {
	missing := notAllowed(p, wanted)
	if len(missing) == 0 || slices.ContainsFunc(missing, Wanted.isAction) {
		return nil
	}
	var ways [][]Option // for each destination
	for _, group := range byDestination(missing) {
		found := p.waysTo(group)
		if len(found) == 0 {
			return nil
		}
		ways = append(ways, found)
	}
	var out []Option
	for rank := 0; rank < maxOptions && len(out) < maxOptions; rank++ {
		option, more := combine(ways, rank)
		if !more {
			break
		}
		// Ways to several places can be too much for each other (two new blocks of
		// one name, say), so the whole is tried again.
		if changed, err := Apply(p, option.Operations); err == nil && len(notAllowed(changed, missing)) == 0 {
			out = append(out, option)
		}
	}
	return out
}

// combine puts together the rank-th way to each destination, or the last one of
// those that have fewer; more is false when no destination has so many.
func combine(ways [][]Option, rank int) (option Option, more bool) {
	option.Risk = RiskNarrow
	for _, found := range ways {
		more = more || rank < len(found)
		way := found[min(rank, len(found)-1)]
		option.Operations = append(option.Operations, way.Operations...)
		option.Permits = append(option.Permits, way.Permits...)
		if way.Risk == RiskWide {
			option.Risk = RiskWide
		}
	}
	return option, more
}

// notAllowed are those of wanted that p does not allow.
func notAllowed(p *Policy, wanted []Wanted) []Wanted {
	engine, problems := Compile(p, Options{})
	if problems.HasErrors() {
		return wanted
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(w Wanted) bool { return engine.allows(w) })
}

// allows says whether what was wanted is allowed now, audit not counted.
func (e *Engine) allows(w Wanted) bool {
	admission := e.Connect(Destination{
		Host: w.Host, Port: w.Port,
		Caller: Caller{Exe: w.Binary, Ancestors: w.Ancestors, Tainted: w.Tainted},
	})
	if admission.Decision.Verdict != Allowed {
		return false
	}
	if w.Method == "" || !admission.Inspect {
		return true
	}
	return admission.Request(Request{Method: w.Method, Path: w.Path, Query: w.Query}).Verdict == Allowed
}

// byDestination groups what was wanted by host, port and program.
func byDestination(wanted []Wanted) [][]Wanted {
	var groups [][]Wanted
	for _, w := range wanted {
		at := slices.IndexFunc(groups, func(g []Wanted) bool {
			return g[0].Host == w.Host && g[0].Port == w.Port && g[0].Binary == w.Binary && g[0].Tainted == w.Tainted
		})
		if at < 0 {
			groups = append(groups, []Wanted{w})
			continue
		}
		if !slices.ContainsFunc(groups[at], func(have Wanted) bool { return reflect.DeepEqual(have, w) }) {
			groups[at] = append(groups[at], w)
		}
	}
	return groups
}

// waysTo are the ways to allow one group, smallest first, each of them tried.
func (p *Policy) waysTo(group []Wanted) []Option {
	if !strings.HasPrefix(group[0].Binary, "/") {
		return nil // granting to a program nobody knows is granting to all
	}
	var ways []Option
	for _, way := range slices.Concat(p.newRules(group), p.newBlock(group), p.newBinary(group), p.newEndpoint(group)) {
		if len(ways) == maxOptions {
			break
		}
		if changed, err := Apply(p, way.Operations); err == nil && len(notAllowed(changed, group)) == 0 {
			ways = append(ways, way)
		}
	}
	return ways
}
