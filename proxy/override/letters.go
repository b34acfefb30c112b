package override

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// patterns find names in a head, in small letters.
type patterns struct {
	ours, vague, file *regexp.Regexp
	again, names      *regexp.Regexp // of amid
	set               *regexp.Regexp // the character set of a name
}

// compiled is done with the first body that asks for it, and not at the start of every command.
var compiled = sync.OnceValue(func() patterns {
	return patterns{
		ours:  regexp.MustCompile(`(^|[^a-z0-9])([_.](http)?method|http[-_]method[-_]override)($|[^a-z0-9])`),
		vague: regexp.MustCompile(`(^|[^a-z])name\s*(\*[0-9]|\*?\s*=[^;]*=\?)`), // in pieces, or an encoded word
		set:   regexp.MustCompile(`(?:^|[^a-z])name\s*\*\s*=[\s"]*([^'";\r\n]*)'`),
		file:  regexp.MustCompile(`filename="[^"\\;\r\n]*"`),
		again: regexp.MustCompile(`content-(disposition|id)\s*:`),
		names: regexp.MustCompile(`^:|;\s*name\*?\s*=`),
	}
})

// any asks about all that a field could ask for.
func (s *parts) any() error {
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		if err := s.found("_method", method); err != nil {
			return err
		}
	}
	return nil
}

func isMethod(word string) bool {
	switch strings.ToUpper(word) {
	case "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE":
		return true
	}
	return false
}

func notLetter(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') }

// notPrinted are what is white space to one server or another, Python and Ruby among them.
func notPrinted(r rune) bool { return r <= ' ' || r >= 0x7f }

// joined is a head as PHP reads it: a line ends at a NUL, and one without a colon goes on where the last one ended, within a
// name too (main/rfc1867.c).
func joined(head []byte) []byte {
	var out []byte
	for line := range bytes.Lines(head) {
		line, _, _ = bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte{0})
		out = append(out, line...)
	}
	return out
}

// lowered appends text in small letters.
func lowered(out, text []byte) []byte {
	have := len(out)
	out = slices.Grow(out, len(text))[:have+len(text)]
	for i, c := range text {
		if c-'A' < 26 {
			c |= 0x20
		}
		out[have+i] = c
	}
	return out
}

// plain decodes what a name may be written in: backslashes, percent-encoding, and NULs, which are nothing in UTF-16 and the
// end of a name to C.
func plain(text []byte, null string) []byte {
	out := []byte(strings.ReplaceAll(unescape(strings.ReplaceAll(string(text), `\`, "")), "\x00", null))
	return lowered(out[:0], out)
}
