package policy

import "strings"

// maxMeet bounds the work of comparing two patterns, which an agent may have
// written; beyond it they count as meeting.
const maxMeet = 1 << 20

// pathsMeet says whether some path matches both globs. It errs towards yes.
func pathsMeet(kind globKind, a, b string) bool {
	statesA, errA := parseGlob(kind, a)
	statesB, errB := parseGlob(kind, b)
	if errA != nil || errB != nil || len(statesA)*len(statesB) > maxMeet {
		return true
	}
	return meet(statesA, statesB)
}

// hostsMeet says whether some host matches both patterns. It errs towards yes.
// Only first labels have wildcards, so the domains behind them decide first.
func hostsMeet(a, b string) bool {
	if a == b || !isWildcard(a) && !isWildcard(b) {
		return a == b
	}
	firstA, restA, _ := strings.Cut(a, ".")
	firstB, restB, _ := strings.Cut(b, ".")
	belowA, belowB := within(restA, restB), within(restB, restA)
	switch {
	case firstA == "**" && firstB == "**":
		return belowA || belowB
	case firstA == "**":
		return belowB
	case firstB == "**":
		return belowA
	}
	return restA == restB && pathsMeet(globHost, a, b)
}

func isWildcard(pattern string) bool { return strings.ContainsAny(pattern, "*?[") }

// within says whether name is domain or below it.
func within(name, domain string) bool {
	return name == domain || strings.HasSuffix(name, "."+domain)
}

// pair is a state of two automata that read the same text.
type pair struct{ a, b int }

// meet walks both automata at once and says whether both can end together.
func meet(a, b []state) bool {
	seen := map[pair]bool{}
	todo := []pair{{}}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if at.a > len(a) || at.b > len(b) || seen[at] {
			continue
		}
		seen[at] = true
		if at.a == len(a) && at.b == len(b) {
			return true
		}
		todo = append(todo, moves(a, b, at)...)
	}
	return false
}

// moves are the pairs one step away: one automaton goes on without reading, or
// both read the same byte.
func moves(a, b []state, at pair) []pair {
	var out []pair
	end := state{}
	s, t := end, end
	if at.a < len(a) {
		s = a[at.a]
	}
	if at.b < len(b) {
		t = b[at.b]
	}
	for _, move := range []struct {
		can bool
		to  pair
	}{
		{s.skip, pair{at.a + 1, at.b}},
		{s.leap, pair{at.a + 2, at.b}},
		{t.skip, pair{at.a, at.b + 1}},
		{t.leap, pair{at.a, at.b + 2}},
		{s.advance.meets(t.loop), pair{at.a + 1, at.b}},
		{s.loop.meets(t.advance), pair{at.a, at.b + 1}},
		{s.advance.meets(t.advance), pair{at.a + 1, at.b + 1}},
	} {
		if move.can {
			out = append(out, move.to)
		}
	}
	return out
}

// meets says whether some byte is in both sets.
func (s byteSet) meets(other byteSet) bool {
	for i := range s {
		if s[i]&other[i] != 0 {
			return true
		}
	}
	return false
}
