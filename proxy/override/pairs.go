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
	begun  bool // a pair, behind what servers drop in front of its name: spaces, and brackets
}

func (s *pairs) scan(window []byte, last bool) (int, error) {
	for at := 0; at < len(window); {
		if !s.inside && !s.begun {
			n := spaces(window[at:], last)
			if at += n; at == len(window) || n == 0 && cutShort(window[at:], last) {
				return at, nil
			}
			s.begun = n == 0
			continue
		}
		rest := window[at:]
		end := pairEnd(rest)
		if end < 0 && !s.inside && !last && len(rest) < maxPair {
			return at, nil // more has to be known
		}
		if err := s.look(rest, end, last); err != nil {
			return at, err
		}
		if s.inside = end < 0; s.inside {
			break
		}
		at, s.begun = at+end+1, false
	}
	return len(window), nil
}

// pairEnd is the place of the first "&" or ";", or below 0. An upload is looked through for it, which IndexAny does byte by
// byte.
func pairEnd(text []byte) int {
	end := bytes.IndexByte(text, '&')
	if end >= 0 {
		text = text[:end]
	}
	if other := bytes.IndexByte(text, ';'); other >= 0 {
		return other
	}
	return end
}

// spaces is how many bytes in front of a name are dropped, or stand for such.
func spaces(text []byte, last bool) int {
	n := 0
	for n < len(text) && !cutShort(text[n:], last) {
		switch size := 1; {
		case strings.IndexByte(" +\t\r\n\v\f[]", text[n]) >= 0:
			n += size
		case text[n] == '%' && n+2 < len(text) && strings.Contains(" 20 09 0a 0b 0c 0d 5b 5d ", " "+strings.ToLower(string(text[n+1:n+3]))+" "):
			n += 3
		default:
			return n
		}
	}
	return n
}

// cutShort reports an escape that goes on in the next piece.
func cutShort(text []byte, last bool) bool { return !last && text[0] == '%' && len(text) < 3 }

// look takes the pair in front, which ends before end, or is not over if that is below 0.
func (s *pairs) look(rest []byte, end int, last bool) error {
	switch {
	case s.inside:
		return nil
	case end < 0:
		end = len(rest)
	}
	name, value, _ := strings.Cut(string(rest[:min(end, maxPair)]), "=")
	name, value = unescape(name), unescape(value)
	// To PHP the name ends at a NUL, and the pair only at the next "&".
	if strings.Contains(name, "\x00") && ours(name) || end > maxPair || end == maxPair && !last {
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
