package override

import (
	"bytes"
	"strings"
)

// maxPair is more than a name and a method take, however they are spelled.
const maxPair = 512

// pairs are those of a form (application/x-www-form-urlencoded). Some servers split at semicolons too.
type pairs struct {
	*field
	inside bool // a pair that is none of ours
}

func (s *pairs) scan(window []byte, last bool) (int, error) {
	for at := 0; at < len(window); {
		rest := window[at:]
		end := bytes.IndexAny(rest, "&;")
		if end < 0 && !s.inside && !last && len(rest) < maxPair {
			return at, nil // more has to be known
		}
		if err := s.look(rest, end, last); err != nil {
			return at, err
		}
		if s.inside = end < 0; s.inside {
			break
		}
		at += end + 1
	}
	return len(window), nil
}

// look takes the pair in front, which ends before end, or is not over if that is below 0.
func (s *pairs) look(rest []byte, end int, last bool) error {
	switch {
	case s.inside:
		return nil
	case end < 0:
		end = len(rest)
	}
	name, value, named := strings.Cut(string(rest[:min(end, maxPair)]), "=")
	name, value = unescape(name), unescape(value)
	if end > maxPair || end == maxPair && !last { // too long to be one of ours, unless it hides that
		if !named && strings.TrimLeft(name, " \t\r\n\v\f") == "" {
			return unreadable() // servers drop spaces in front of a name
		}
		value = "a value without end"
	}
	return s.found(name, value)
}

// unescape decodes as lenient servers do: an escape that is none stays.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte(hex(s[i+1])<<4 | hex(s[i+2]))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

func hex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
