package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// globParser turns the text of a pattern into states, see parseGlob.
type globParser struct {
	kind   globKind
	sep    byte
	states []state
}

// parseGlob reads a pattern. In a path `*` stays in its segment, needs a
// character where it is a whole one, and `**` as a whole segment is any number
// of them. The last state leads to acceptance.
func parseGlob(kind globKind, pattern string) ([]state, error) {
	if len(pattern) > maxGlob {
		return nil, fmt.Errorf("the pattern has %d bytes, more than %d", len(pattern), maxGlob)
	}
	if err := kind.check(pattern); err != nil {
		return nil, err
	}
	p := &globParser{kind: kind, sep: kind.separator()}
	if p.sep == 0 {
		return p.states, p.segment(pattern)
	}
	segments := strings.Split(pattern, string(p.sep))
	for i, segment := range segments {
		last := i == len(segments)-1
		if err := p.whole(segment, i > 0 && segments[i-1] == "**", last); err != nil {
			return nil, err
		}
		if !last && segment != "**" {
			p.add(one(only(p.sep)))
		}
	}
	return p.states, nil
}

func (p *globParser) add(s state) { p.states = append(p.states, s) }

// whole reads one whole segment; repeated says that "**" stood before it.
func (p *globParser) whole(segment string, repeated, last bool) error {
	inside := anyExcept(p.sep)
	switch {
	case segment == "*":
		p.add(one(inside))
		p.add(star(inside))
	case segment != "**":
		return p.segment(segment)
	case p.kind == globHost: // one label or more, and only ever first
		p.add(one(inside))
		p.add(star(allBytes))
		p.add(one(only(p.sep)))
	case last:
		p.add(star(allBytes))
	case !repeated: // nothing, or anything that ends in a separator
		p.add(state{skip: true, leap: true})
		p.add(state{loop: allBytes, advance: only(p.sep)})
	}
	return nil
}

// segment reads what is not a whole wildcard.
func (p *globParser) segment(text string) error {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '*':
			if i > 0 && text[i-1] == '*' {
				if p.sep != 0 {
					return fmt.Errorf("** must be a whole segment, not part of %s", strconv.Quote(text))
				}
				continue
			}
			p.addStar()
		case '?':
			p.character(anyExcept(p.sep))
		case '[':
			n, err := p.class(text[i:])
			if err != nil {
				return err
			}
			i += n - 1
		case ']':
			if p.kind == globPath || p.kind == globHost {
				return errors.New("] ends no class")
			}
			p.add(one(only(c)))
		default:
			p.add(one(only(c)))
		}
	}
	return nil
}

// addStar adds `*`. Directly after a character's loop that loop is a part of it.
func (p *globParser) addStar() {
	if n := len(p.states); n > 0 && p.states[n-1] == star(continuation) {
		p.states = p.states[:n-1]
	}
	p.add(star(anyExcept(p.sep)))
}

// continuation holds the bytes that go on a UTF-8 character, RFC 3629 section 3.
var continuation = byteSet{2: ^uint64(0)}

// character adds one character of the set. Where text is not ASCII alone, a
// character is a byte and the continuation bytes after it.
func (p *globParser) character(set byteSet) {
	if p.kind == globPath || p.kind == globHost || !set.meets(byteSet{3: ^uint64(0)}) {
		p.add(one(set))
		return
	}
	set[2] = 0
	p.add(one(set))
	p.add(star(continuation))
}

// class reads `[a-z]` or `[!a-z]` at the start of text and returns its length.
func (p *globParser) class(text string) (int, error) {
	end := strings.IndexByte(text[1:], ']') + 1
	if end <= 1 || text[1:end] == "!" {
		// A "]" directly after the opening is its first member.
		more := strings.IndexByte(text[end+1:], ']')
		if end == 0 || more < 0 {
			return 0, fmt.Errorf("the class %s has no end", strconv.Quote(text))
		}
		end += 1 + more
	}
	members, negated := strings.CutPrefix(text[1:end], "!")
	set, err := classSet(members)
	if err != nil {
		return 0, err
	}
	if negated {
		for i := range set {
			set[i] = ^set[i]
		}
	}
	if p.sep != 0 {
		set.remove(p.sep)
	}
	if set == (byteSet{}) {
		return 0, fmt.Errorf("the class %s matches nothing", text[:end+1])
	}
	p.character(set)
	return end + 1, nil
}

// classSet reads the members of a class: single characters and ranges.
func classSet(members string) (byteSet, error) {
	var set byteSet
	for i := 0; i < len(members); i++ {
		low, high := members[i], members[i]
		if i+2 < len(members) && members[i+1] == '-' {
			high = members[i+2]
			i += 2
		}
		switch {
		case low >= 0x80 || high >= 0x80:
			return set, fmt.Errorf("the class [%s] may only hold ASCII characters", members)
		case low > high:
			return set, fmt.Errorf("the range %c-%c of a class runs backwards", low, high)
		}
		for c := int(low); c <= int(high); c++ {
			set.add(byte(c))
		}
	}
	return set, nil
}
