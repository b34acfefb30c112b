package override

import (
	"bytes"
	"regexp"
	"strings"
)

// parts are those of a multipart body (RFC 7578). Servers differ in everything about them: how lines and heads end, whether
// a field may be indented, which quotes there are, and that Content-ID names a part as well. So a head is all that lies
// between a word that can name a part and the next empty line, one of our names in it counts wherever it stands, and its
// value is whatever method is written behind it. A name in pieces (RFC 2231 3) may be any.
type parts struct {
	*field
	ours  *regexp.Regexp
	lower []byte // what is looked at, in small letters; reused
	head  bool   // inside one
}

const (
	maxHead  = 4 << 10 // bytes of a head that are looked at together
	maxName  = 256     // more than one of our names takes, however it is written
	maxValue = 1 << 10 // bytes between a head and the end of the line after it
	headEnd  = "\r\n\r\n"
)

func newParts(f *field) *parts {
	return &parts{field: f, ours: regexp.MustCompile(`(^|[^a-z0-9])([_.](http)?method|http[-_]method[-_]override)($|[^a-z0-9])|(^|[^a-z])name\*[0-9]`)}
}

// openers are the words with which the field begins that names a part.
func openers() []string { return []string{"content-disposition", "content-id"} }

func (s *parts) scan(window []byte, last bool) (int, error) {
	s.lower = lowered(s.lower[:0], window)
	for at := 0; at < len(window); {
		if !s.head {
			next, found := s.next(at)
			if !found {
				return max(at, s.upTo(len(window), last)), nil
			}
			at, s.head = next, true
		}
		n, err := s.look(window[at:], s.lower[at:], last)
		if err != nil || n == 0 {
			return at, err
		}
		at += n
	}
	return len(window), nil
}

// next is the end of the next opener.
func (s *parts) next(at int) (end int, found bool) {
	for _, word := range openers() {
		if i := bytes.Index(s.lower[at:], []byte(word)); i >= 0 && (!found || at+i+len(word) < end) {
			end, found = at+i+len(word), true
		}
	}
	return end, found
}

// upTo leaves out what may be the beginning of an opener.
func (s *parts) upTo(length int, last bool) int {
	if last {
		return length
	}
	return max(0, length-len(openers()[0])+1)
}

// look takes so many bytes of a head, or none where more has to be known.
func (s *parts) look(rest, lower []byte, last bool) (int, error) {
	end := bytes.Index(rest, []byte(headEnd))
	if end < 0 && !last && len(rest) < maxHead {
		return 0, nil
	}
	text := lower[:min(len(lower), maxHead)]
	if whole := end >= 0 && end <= maxHead; whole {
		text = lower[:end]
	} else {
		end = -1
	}
	switch ours := s.ours.Match(plain(text, "")) || s.ours.Match(plain(text, " ")); {
	case ours && end < 0:
		return len(text), s.any()
	case ours:
		return s.value(rest, end+len(headEnd), last)
	case end < 0:
		return max(1, len(text)-maxName), nil
	}
	s.head = false
	return end + len(headEnd), nil
}

// value asks about every method between a name of ours and the end of the line after its head, and about that line.
func (s *parts) value(rest []byte, from int, last bool) (int, error) {
	line := rest[from:min(len(rest), from+maxValue)]
	end := bytes.IndexAny(line, "\r\n")
	switch {
	case end < 0 && !last && len(line) < maxValue:
		return 0, nil
	case end < 0 && len(line) == maxValue:
		return from, s.any()
	case end < 0:
		end = len(line)
	}
	s.head = false
	for _, word := range strings.FieldsFunc(string(rest[:from+end]), notLetter) {
		if isMethod(word) {
			if err := s.found("_method", word); err != nil {
				return 0, err
			}
		}
	}
	return from, s.found("_method", strings.TrimSpace(string(line[:end])))
}

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

// lowered appends text in small letters.
func lowered(out, text []byte) []byte {
	for _, c := range text {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		out = append(out, c)
	}
	return out
}

// plain decodes what a name may be written in: backslashes, percent-encoding, and NULs, which are nothing in UTF-16 and the
// end of a name to C.
func plain(text []byte, null string) []byte {
	out := []byte(unescape(strings.NewReplacer("\\", "", "\x00", null).Replace(string(text))))
	return lowered(out[:0], out)
}
