package policy

import "strings"

// globKind says what a pattern is matched against, and so what separates its
// segments and which patterns could never match anything.
type globKind int

const (
	globPath   globKind = iota // canonical request paths, see CanonicalPath
	globBinary                 // executable paths as the kernel names them
	globHost                   // canonical host names, see CanonicalHost
	globValue                  // query values and the names of other protocols
)

// maxGlob bounds a pattern in bytes: no path it is matched against is longer.
const maxGlob = 4096

// separator is the byte that `*` does not cross; 0 where it crosses all.
func (k globKind) separator() byte {
	switch k {
	case globHost:
		return '.'
	case globValue:
		return 0
	default:
		return '/'
	}
}

// validGlob says why pattern cannot be used as a glob of this kind, or why
// nothing could ever match it; nil means it can.
func validGlob(kind globKind, pattern string) error {
	_, err := compileGlob(kind, pattern, false)
	return err
}

// glob is one compiled pattern: a literal prefix, then a tail. It is immutable.
// Most patterns of real policies end in a tail that needs no automaton.
type glob struct {
	prefix string
	tail   tail
	sep    byte
	nfa    *automaton
}

// tail says what may follow a glob's literal prefix.
type tail int

const (
	tailEmpty     tail = iota // nothing: the pattern is a literal
	tailAny                   // anything
	tailSegment               // bytes other than the separator
	tailFull                  // at least one of those
	tailAutomaton             // whatever nfa accepts
)

// compileGlob compiles pattern. With fold the glob ignores ASCII case, and
// match must be given lower-cased text.
func compileGlob(kind globKind, pattern string, fold bool) (*glob, error) {
	states, err := parseGlob(kind, pattern)
	if err != nil {
		return nil, err
	}
	if fold {
		for i := range states {
			states[i] = states[i].folded()
		}
	}
	g := &glob{sep: kind.separator()}
	g.prefix, states = literalPrefix(states)
	g.tail = classifyTail(states, kind)
	if g.tail == tailAutomaton {
		g.nfa = newAutomaton(states)
	}
	return g, nil
}

// match reports whether the whole of s matches. It takes time linear in s.
func (g *glob) match(s string) bool {
	rest, ok := strings.CutPrefix(s, g.prefix)
	if !ok {
		return false
	}
	switch g.tail {
	case tailEmpty:
		return rest == ""
	case tailAny:
		return true
	case tailSegment:
		return strings.IndexByte(rest, g.sep) < 0
	case tailFull:
		return rest != "" && strings.IndexByte(rest, g.sep) < 0
	default:
		return g.nfa.match(rest)
	}
}

// literalPrefix splits off the leading states that accept exactly one byte each.
func literalPrefix(states []state) (string, []state) {
	var prefix []byte
	for len(states) > 0 {
		c, ok := states[0].literal()
		if !ok {
			break
		}
		prefix = append(prefix, c)
		states = states[1:]
	}
	return string(prefix), states
}

// classifyTail recognises the tails that need no automaton.
func classifyTail(states []state, kind globKind) tail {
	inSegment := anyExcept(kind.separator())
	switch {
	case len(states) == 0:
		return tailEmpty
	case len(states) == 1 && states[0] == star(allBytes):
		return tailAny
	case kind.separator() == 0:
		return tailAutomaton
	case len(states) == 1 && states[0] == star(inSegment):
		return tailSegment
	case len(states) == 2 && states[0] == one(inSegment) && states[1] == star(inSegment):
		return tailFull
	default:
		return tailAutomaton
	}
}
