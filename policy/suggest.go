package policy

import (
	"reflect"
	"slices"
	"strings"
)

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
// smallest first. There are none where no addition can help (a deny rule, an
// unknown program), none where the record does not say what the body asked for, and
// none where p already allows everything. Each is tried on an engine before it is given.
func Suggest(p *Policy, wanted []Wanted) []Option {
	missing := notAllowed(p, wanted)
	if len(missing) == 0 || slices.ContainsFunc(missing, Wanted.isUnknown) {
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
		if p.suffices(option, missing) {
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
func (e *Engine) allows(w Wanted) bool { return e.Judge(w).Verdict == Allowed }

// byDestination groups what was wanted by host, port, program and the endpoint that
// would allow it: one for paths, or one that reads what is asked for at a path.
func byDestination(wanted []Wanted) [][]Wanted {
	var groups [][]Wanted
	for _, w := range wanted {
		at := slices.IndexFunc(groups, func(g []Wanted) bool {
			return g[0].Host == w.Host && g[0].Port == w.Port && g[0].Binary == w.Binary && g[0].Tainted == w.Tainted && g[0].sharesEndpoint(w)
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
	for _, way := range p.candidates(group) {
		if len(ways) == maxOptions {
			break
		}
		if p.suffices(way, group) {
			ways = append(ways, way)
		}
	}
	return ways
}

// candidates are ways to allow one group, smallest first, none of them tried yet.
func (p *Policy) candidates(group []Wanted) []Option {
	rules, endpoints := p.newRules(group), p.newEndpoint(group)
	if d, _ := group[0].demand(); d.selector == "" {
		return slices.Concat(rules, p.newBlock(group), p.newBinary(group), endpoints)
	}
	if len(rules) == 0 {
		rules = endpoints
	}
	return slices.Concat(rules, p.newBlock(group), p.newBinary(group))
}

// suffices tries a way on an engine.
func (p *Policy) suffices(way Option, wanted []Wanted) bool {
	changed, err := Apply(p, way.Operations)
	return err == nil && len(notAllowed(changed, wanted)) == 0
}

// maxOperations is how many operations one proposal may have.
const maxOperations = 20

// least leaves out what is allowed already: a denial names all that was asked for
// at once, and one ref of a push may be refused beside others that are not.
func (p *Policy) least(way Option, group []Wanted) Option {
	for i := len(way.Operations) - 1; i >= 0 && len(way.Operations) > 1; i-- {
		without := way
		without.Operations = slices.Delete(slices.Clone(way.Operations), i, i+1)
		without.Permits = slices.Delete(slices.Clone(way.Permits), i, i+1)
		if p.suffices(without, group) {
			way = without
		}
	}
	return way
}
