package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// fewestToGeneralise is how many requests must differ in one segment of their
// path before a "*" stands for it: two can be chance.
const fewestToGeneralise = 3

// rulesFor are the rules that allow a group's requests: one for each method and
// path, fewer where many paths differ in one segment only. What bodies ask for is
// named one by one: a "*" that stands for three branches stands for main too.
func rulesFor(group []Wanted) []RuleSpec {
	var rules []RuleSpec
	for _, w := range group {
		d, _ := w.demand()
		for _, rule := range d.rules {
			if !slices.ContainsFunc(rules, rule.equal) {
				rules = append(rules, rule)
			}
		}
	}
	for at := 0; at < len(rules); at++ {
		for segment := range strings.Count(rules[at].Path, "/") + 1 {
			rules = generalise(rules, at, segment)
		}
	}
	return rules
}

func (s RuleSpec) equal(other RuleSpec) bool { return reflect.DeepEqual(s, other) }

// generalise replaces the rules that differ from the one at index at in this
// segment alone by one with a "*" there, if there are enough of them.
func generalise(rules []RuleSpec, at, segment int) []RuleSpec {
	if at >= len(rules) {
		return rules
	}
	general := RuleSpec{Method: rules[at].Method, Path: withStar(rules[at].Path, segment)}
	alike := func(r RuleSpec) bool {
		parts := strings.Split(r.Path, "/")
		return segment < len(parts) && parts[segment] != "" &&
			general.equal(RuleSpec{Method: r.Method, Path: withStar(r.Path, segment)})
	}
	count := 0
	for _, r := range rules {
		if alike(r) {
			count++
		}
	}
	if count < fewestToGeneralise {
		return rules
	}
	rest := slices.DeleteFunc(slices.Clone(rules), alike)
	return slices.Insert(rest, min(at, len(rest)), general)
}

func withStar(path string, segment int) string {
	parts := strings.Split(path, "/")
	if segment < len(parts) {
		parts[segment] = "*"
	}
	return strings.Join(parts, "/")
}

// literalGlob is the glob that matches text alone, or as little else as globs
// can say: braces have no literal form and become "?".
func literalGlob(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch r {
		case '*', '?', '[', ']':
			b.WriteString("[" + string(r) + "]")
		case '{', '}', '\\':
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// webPorts are those where a connection that was denied unseen was HTTP.
var webPorts = []int{80, 443, 8080, 8443}

// endpointFor is the narrowest endpoint for a group. Where no request was seen
// that is reading, or the bare connection on a port that is not HTTP's.
func endpointFor(group []Wanted) EndpointSpec {
	e := EndpointSpec{Host: group[0].Host, Port: group[0].Port}
	rules := rulesFor(group)
	switch d, _ := group[0].demand(); {
	case len(rules) > 0:
		e.Protocol, e.Path, e.Enforcement, e.Rules, e.AllowEncodedSlash = d.protocol, d.selector, Enforce, rules, wantSlash(group)
	case slices.Contains(webPorts, e.Port):
		e.Protocol, e.Enforcement, e.Access = REST, Enforce, ReadOnly
	}
	return e
}

// freeKey is a name for a new block that says what it is for.
func (p *Policy) freeKey(w Wanted) string {
	program := w.Binary[strings.LastIndexByte(w.Binary, '/')+1:]
	name := strings.Map(func(r rune) rune {
		if !isNameRune(r) || r == '-' {
			return '_'
		}
		return r
	}, program+"_"+w.Host)
	name = strings.Trim(name[:min(len(name), maxKey-len("_99"))], "_")
	key := name
	for n := 2; slices.ContainsFunc(p.Blocks, func(b Block) bool { return b.Key == key }); n++ {
		key = fmt.Sprintf("%s_%d", name, n)
	}
	return key
}
