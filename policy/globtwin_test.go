package policy

import "strings"

// slowMatch is written from the table of the policy language, segment by
// segment, without the automaton.
func slowMatch(kind globKind, pattern, text string) bool {
	if kind == globValue {
		return slowSegment(pattern, text)
	}
	sep := string(kind.separator())
	return slowSegments(kind, strings.Split(pattern, sep), strings.Split(text, sep))
}

func slowSegments(kind globKind, pattern, text []string) bool {
	type key struct{ p, t int }
	memo := map[key]bool{}
	var match func(p, t int) bool
	match = func(p, t int) (ok bool) {
		if known, done := memo[key{p, t}]; done {
			return known
		}
		defer func() { memo[key{p, t}] = ok }()
		switch {
		case p == len(pattern):
			return t == len(text)
		case pattern[p] == "**" && kind == globHost: // one label or more
			for n := t + 1; n <= len(text); n++ {
				if text[t] != "" && match(p+1, n) {
					return true
				}
			}
			return false
		case pattern[p] == "**" && p == len(pattern)-1: // below, so there is a segment
			return t < len(text)
		case pattern[p] == "**":
			for n := t; n <= len(text); n++ {
				if match(p+1, n) {
					return true
				}
			}
			return false
		case t == len(text):
			return false
		case pattern[p] == "*":
			return text[t] != "" && match(p+1, t+1)
		}
		return slowSegment(pattern[p], text[t]) && match(p+1, t+1)
	}
	return match(0, 0)
}

// slowSegment keeps the set of places in the text that the pattern so far can
// end at.
func slowSegment(pattern, text string) bool {
	at := map[int]bool{0: true}
	for pattern != "" {
		next := map[int]bool{}
		if pattern[0] == '*' {
			pattern = pattern[1:]
			for from := range at {
				for i := from; i <= len(text); i++ {
					next[i] = true
				}
			}
			at = next
			continue
		}
		accepts, rest := slowCharacter(pattern)
		for i := range at {
			if i < len(text) && accepts(text[i]) {
				next[i+1] = true
			}
		}
		pattern, at = rest, next
	}
	return at[len(text)]
}

func slowCharacter(pattern string) (accepts func(byte) bool, rest string) {
	switch pattern[0] {
	case '?':
		return func(byte) bool { return true }, pattern[1:]
	case '[':
		body, negated := pattern[1:], false
		if body[0] == '!' && body[1:] != "" {
			body, negated = body[1:], true
		}
		end := strings.IndexByte(body[1:], ']') + 1
		members := body[:end]
		return func(c byte) bool { return slowClass(members, c) != negated }, body[end+1:]
	}
	literal := pattern[0]
	return func(c byte) bool { return c == literal }, pattern[1:]
}

func slowClass(members string, c byte) bool {
	for members != "" {
		if len(members) > 2 && members[1] == '-' {
			if members[0] <= c && c <= members[2] {
				return true
			}
			members = members[3:]
			continue
		}
		if members[0] == c {
			return true
		}
		members = members[1:]
	}
	return false
}
