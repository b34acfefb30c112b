package risk

import (
	"slices"
	"strings"

	"exeat/policy"
)

// Withdrawn says what base permits and candidate does not, or only in part, a sentence each. Nothing depends on it: who
// takes too much away hears of it from a program that is denied.
func Withdrawn(base, candidate *policy.Policy) []string {
	before, _ := grantsOf(candidate)
	after, _ := grantsOf(base)
	forbidden := lostDenials(candidate, base)
	for i := range forbidden {
		forbidden[i] = strings.TrimPrefix(forbidden[i], unforbidden) + ", by a deny rule"
	}
	lost := sentences(newGrants(before, methodwise(after), readIn(candidate)))
	return slices.Concat(lost, forbidden, libertySentences(candidate, base), pathSentences(candidate, base))
}

// methodwise has one method in each grant: two rules that allow GET and OPTIONS leave HEAD of an access to reads, and
// neither of them covers that access.
func methodwise(grants []grant) []grant {
	var out []grant
	for _, g := range grants {
		if g.methods == nil {
			out = append(out, g)
		}
		for _, method := range g.methods {
			one := g
			one.methods = []string{method}
			out = append(out, one)
		}
	}
	return out
}
