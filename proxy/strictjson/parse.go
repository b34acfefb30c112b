package strictjson

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how many arrays and objects may lie inside one another. Parsers give up at depths between some
// dozens and many thousands, and some overflow their stack.
const MaxDepth = 64

// Error is the first thing in a text that parsers could read differently, or not at all.
type Error struct {
	Offset int // in bytes, from 0
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("JSON at byte %d: %s", e.Offset, e.Reason) }

// Parse reads one value and nothing after it (RFC 8259). It refuses bytes that are not UTF-8, a byte
// order mark, escapes of half a surrogate pair, a key that stands twice in an object or is told from
// another by case alone, NUL in a key, and more than MaxDepth levels. Its errors are of type *Error. The value keeps
// none of data.
func Parse(data []byte) (Value, error) {
	p := &parser{data: data}
	if bytes.HasPrefix(data, []byte("\uFEFF")) {
		return Value{}, p.fail(0, "begins with a byte order mark, which some parsers refuse: leave it out")
	}
	if at := invalidUTF8(data); at >= 0 {
		return Value{}, p.fail(at, "is not UTF-8")
	}
	value, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	if p.space(); p.at < len(data) {
		return Value{}, p.fail(p.at, "something follows the value")
	}
	return value, nil
}

// invalidUTF8 is the offset of the first byte that is not part of a character, or -1.
func invalidUTF8(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// parser walks over a text that is known to be UTF-8.
type parser struct {
	data []byte
	at   int
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &Error{Offset: at, Reason: fmt.Sprintf(format, args...)}
}

// space skips the four characters that JSON counts as white space (section 2).
func (p *parser) space() {
	for p.at < len(p.data) && bytes.IndexByte([]byte(" \t\r\n"), p.data[p.at]) >= 0 {
		p.at++
	}
}

// peek skips space and is the byte there, or 0 at the end. A NUL is no beginning of anything either.
func (p *parser) peek() byte {
	if p.space(); p.at < len(p.data) {
		return p.data[p.at]
	}
	return 0
}

// skip takes c if it is next.
func (p *parser) skip(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

// value reads the next value, which lies inside depth arrays and objects.
func (p *parser) value(depth int) (Value, error) {
	switch c := p.peek(); c {
	case '{', '[':
		if depth == MaxDepth {
			return Value{}, p.fail(p.at, "more than %d arrays and objects lie inside one another", MaxDepth)
		}
		p.at++
		if c == '{' {
			return p.object(depth + 1)
		}
		return p.array(depth + 1)
	case '"':
		text, err := p.text()
		return Value{kind: String, text: text}, err
	default:
		return p.bare()
	}
}

// array reads what follows a '['.
func (p *parser) array(depth int) (Value, error) {
	if p.skip(']') {
		return Value{kind: Array}, nil
	}
	in := &inner{}
	for {
		value, err := p.value(depth)
		if err != nil {
			return Value{}, err
		}
		in.values = append(in.values, value)
		if p.skip(']') {
			return Value{kind: Array, in: in}, nil
		}
		if !p.skip(',') {
			return Value{}, p.fail(p.at, "a ',' or the ']' of an array is missing")
		}
	}
}
