package policy

import (
	"fmt"
	"slices"
	"strings"
)

// fewestToGeneralise is how many requests must differ in one segment of their
// path before a "*" stands for it: two can be chance.
const fewestToGeneralise = 3

// rulesFor are the rules that allow a group's requests: one for each method and
// path, fewer where many paths differ in one segment only.
func rulesFor(group []Wanted) []RuleSpec {
	var rules []RuleSpec
	for _, w := range group {
		rule := RuleSpec{Method: w.Method, Path: literalGlob(w.Path)}
		if w.Method == "" || slices.ContainsFunc(rules, rule.equal) {
			continue
		}
		rules = append(rules, rule)
	}
	for at := 0; at < len(rules); at++ {
		for segment := range strings.Count(rules[at].Path, "/") + 1 {
			rules = generalise(rules, at, segment)
		}
	}
	return rules
}

func (s RuleSpec) equal(other RuleSpec) bool { return s.Method == other.Method && s.Path == other.Path }

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
	switch {
	case len(rules) > 0:
		e.Protocol, e.Enforcement, e.Rules = REST, Enforce, rules
	case slices.Contains(webPorts, e.Port):
		e.Protocol, e.Enforcement, e.Access = REST, Enforce, ReadOnly
	}
	return e
}

// permits says what the endpoint lets a program do.
func (s EndpointSpec) permits(w Wanted) []string {
	var out []string
	for _, rule := range s.Rules {
		out = append(out, rule.permit(w))
	}
	switch {
	case s.Access != "":
		out = append(out, fmt.Sprintf("read (GET, HEAD, OPTIONS) everything at %s:%d", w.Host, w.Port))
	case len(s.Rules) == 0:
		out = append(out, fmt.Sprintf("exchange anything with %s:%d, uninspected", w.Host, w.Port))
	}
	return out
}

func (s RuleSpec) permit(w Wanted) string {
	return fmt.Sprintf("%s %s at %s:%d", s.Method, s.Path, w.Host, w.Port)
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
