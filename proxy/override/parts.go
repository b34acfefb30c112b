package override

import (
	"bytes"
	"strings"
)

// parts are those of a multipart body (RFC 7578). Servers differ in everything about them: how lines and heads end, whether
// a field may be indented, which quotes there are, and that Content-ID names a part as well. So a head is all that lies
// between a word that can name a part and the next empty line, one of our names in it counts wherever it stands, and its
// value is whatever method is written behind it. A name in pieces (RFC 2231 3) may be any.
type parts struct {
	*field
	patterns
	lower    []byte // what is looked at, in small letters; reused
	head     bool   // inside one
	column   int    // bytes since the last line ended, before the window
	openings [2]int // where the next opener of each kind stands in the window; unknown, or nowhere
}

const (
	unknown = -1
	nowhere = 1 << 30
)

const (
	maxHead  = 4 << 10 // bytes of a head that are looked at together
	maxName  = 256     // more than one of our names takes, however it is written
	maxValue = 1 << 10 // bytes between a head and the end of the line after it
	headEnd  = "\r\n\r\n"
)

// openers are the words with which the field begins that names a part.
func openers() [2]string { return [2]string{"content-disposition", "content-id"} }

func (s *parts) scan(window []byte, last bool) (int, error) {
	s.lower, s.openings = lowered(s.lower[:0], window), [2]int{unknown, unknown}
	pass, err := s.walk(window, last)
	s.column = s.columnOf(window, pass)
	return pass, err
}

// columnOf is how many bytes of its line stand in front of a place in the window.
func (s *parts) columnOf(window []byte, at int) int {
	if i := bytes.LastIndexAny(window[:at], "\r\n"); i >= 0 {
		return at - i - 1
	}
	return s.column + at
}

func (s *parts) walk(window []byte, last bool) (int, error) {
	for at := 0; at < len(window); {
		if !s.head {
			next, length := s.next(at)
			if length == 0 {
				return max(at, s.upTo(len(window), last)), nil
			}
			at, s.head = next+length, s.opens(window, next)
			if known, err := s.amid(s.lower[at:], last); err != nil || !known {
				return next, err
			}
			if !s.head {
				continue
			}
		}
		n, err := s.look(window[at:], s.lower[at:], last)
		if err != nil || n == 0 {
			return at, err
		}
		at += n
	}
	return len(window), nil
}

// An opener stands at the beginning of a line, or nearly so, or on one that is too long for some servers to see where it
// began. Others are for amid to look at.
const (
	maxIndent = 16
	longLine  = 512
)

// opens reports an opener that stands where one counts.
func (s *parts) opens(window []byte, at int) bool {
	column := s.columnOf(window, at)
	if column > at { // its line began before the window
		return column >= longLine
	}
	indent := bytes.TrimFunc(s.lower[at-column:at], notPrinted)
	return column >= longLine || column <= maxIndent && (len(indent) == 0 || string(indent) == "x-")
}

// next is the next opener, of no length where there is none.
func (s *parts) next(at int) (place, length int) {
	place = nowhere
	for k, word := range openers() {
		if s.openings[k] < at {
			s.openings[k] = nowhere
			if i := bytes.Index(s.lower[at:], []byte(word)); i >= 0 {
				s.openings[k] = at + i
			}
		}
		if s.openings[k] < place {
			place, length = s.openings[k], len(word)
		}
	}
	return place, length
}

// upTo leaves out what may be the beginning of an opener, and of its line.
func (s *parts) upTo(length int, last bool) int {
	if last {
		return length
	}
	return max(0, length-len(openers()[0])-maxIndent)
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
	text = s.file.ReplaceAll(text, nil)
	switch ours := s.isOurs(text); {
	case !ours && s.isVague(text):
		if err := s.any(); err != nil {
			return 0, err
		}
		return s.pass(end, len(lower)), nil
	case ours && end < 0:
		return s.pass(end, len(lower)), s.any()
	case ours:
		return s.value(rest, end+len(headEnd), last)
	}
	return s.pass(end, len(lower)), nil
}

// isVague reports a name that is written so that it may be any.
func (s *parts) isVague(text []byte) bool {
	for _, set := range s.set.FindAllSubmatch(text, -1) {
		switch strings.TrimSpace(string(set[1])) {
		case "", "utf-8", "us-ascii", "iso-8859-1":
		default:
			return true
		}
	}
	return s.vague.Match(text)
}

// pass is how much of a head was looked at: all of it, or as much as has none of our names, which may be cut in two.
func (s *parts) pass(end, length int) int {
	if end < 0 {
		return max(1, min(length, maxHead)-maxName)
	}
	s.head = false
	return end + len(headEnd)
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
