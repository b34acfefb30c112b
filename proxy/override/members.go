package override

import (
	"bytes"
	"encoding/json"
	"strings"

	"exeat/policy"
	"exeat/policy/alike"
)

// members are those of a JSON object, and of no object in it.
type members struct {
	*field
	depth  int
	object bool // what is not inside of anything is an object
	name   bool // a string here is the name of a member of that
	inside bool // a string that is no such name
}

// maxMember is more than a name and a method take, however they are escaped.
const maxMember = 1 << 10

func (s *members) scan(window []byte, last bool) (int, error) {
	for at := 0; at < len(window); {
		rest := window[at:]
		switch n := s.skip(rest, last); {
		case n < 0:
			return at, nil
		case n > 0:
			at += n
			continue
		}
		if s.name && rest[0] == '"' {
			n, known, err := s.member(rest, last)
			if err != nil || !known {
				return at, err
			}
			at += n
			continue
		}
		s.step(rest[0])
		at++
	}
	return len(window), nil
}

// skip passes over a string that is no name of ours: so many bytes, or below 0 where an escape is cut in two.
func (s *members) skip(rest []byte, last bool) int {
	if !s.inside {
		return 0
	}
	i := bytes.IndexByte(rest, '"')
	if i < 0 {
		i = len(rest)
	}
	if escape := bytes.IndexByte(rest[:i], '\\'); escape >= 0 {
		i = escape
	}
	switch {
	case i > 0:
		return i
	case rest[0] == '"':
		s.inside = false
		return 1
	case len(rest) == 1 && !last:
		return -1
	}
	return min(2, len(rest))
}

// step takes one byte outside of strings.
func (s *members) step(c byte) {
	switch c {
	case '{', '[':
		if s.depth == 0 {
			s.object = c == '{'
		}
		s.depth++
		s.name = s.depth == 1 && s.object
	case '}', ']':
		s.depth = max(s.depth-1, 0)
		s.name = false
	case ',':
		s.name = s.depth == 1 && s.object
	case '"':
		s.inside = true
	}
}

// member takes a name, and the value behind it if the name is one of ours: so many bytes. It is not known what they are
// before they are there.
func (s *members) member(rest []byte, last bool) (n int, known bool, err error) {
	end := literal(rest)
	switch {
	case end == 0 && len(rest) <= maxMember && !last:
		return 0, false, nil
	case len(rest) > maxMember && (end == 0 || end > maxMember):
		if begunAsOurs(rest) {
			return 0, false, unreadable()
		}
		fallthrough
	case end == 0:
		s.name, s.inside = false, true
		return 1, true, nil // longer than any of ours, or cut off
	}
	name := text(rest[:end])
	if !ours(name) {
		s.name = false
		return end, true, nil
	}
	value := bytes.TrimLeft(rest[end:min(len(rest), end+maxMember)], ": \t\r\n")
	switch length := literal(value); {
	case length > 0:
		return end, true, s.asked(name, text(value[:length]))
	case len(value) > 0 && value[0] != '"':
		return end, true, s.asked(name, "") // a number, or the like, is no method
	case len(rest) > end+maxMember:
		return 0, false, unreadable()
	}
	return end, last, nil // cut off: no JSON
}

// begunAsOurs reports a name without end that servers may cut down to one of ours.
func begunAsOurs(rest []byte) bool {
	begun := bytes.Clone(rest[:min(len(rest), maxMember)])
	if escape := bytes.LastIndexByte(begun, '\\'); escape > len(begun)-len(`\u0000`) {
		begun = begun[:escape]
	}
	name := strings.TrimLeft(text(append(begun, '"')), " \t\r\n\v\f[]")
	for _, word := range []string{"_method", "_httpmethod", "x-http-method-override"} {
		if alike.Parameter(name[:min(len(name), len(word))]) == word {
			return true
		}
	}
	return name == ""
}

// asked leaves out "method", which APIs give a meaning of their own, and values that are none.
func (s *members) asked(name, value string) error {
	s.name = false
	if _, err := policy.OverrideIn(name, value); err != nil || alike.Parameter(name) == "method" {
		return nil
	}
	return s.found(name, value)
}

// literal is the length of the string literal in front, or 0 if there is none or it is not over.
func literal(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		return 0
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// text decodes a string literal; one that is none stands for itself.
func text(literal []byte) string {
	var s string
	if json.Unmarshal(literal, &s) != nil {
		return string(literal[1 : len(literal)-1])
	}
	return s
}
