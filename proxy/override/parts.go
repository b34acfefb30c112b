package override

import (
	"bytes"
	"strings"
)

// parts are those of a multipart body (RFC 7578). Boundaries are not looked at, since servers differ in how they find
// them: whatever looks like the head of a part is taken for one.
type parts struct {
	*field
	inside bool // a line that is none of ours
}

const (
	disposition = "content-disposition"
	maxHead     = 8 << 10 // bytes of a part's head and the line after it
)

func (s *parts) scan(window []byte, last bool) (int, error) {
	for at := 0; at < len(window); {
		rest := window[at:]
		if s.inside || !begins(rest) {
			s.inside = true
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			at, s.inside = at+end+1, false
			continue
		}
		known, err := s.head(rest, last)
		switch {
		case err != nil:
			return at, err
		case !known && len(rest) > maxHead:
			return at, unreadable()
		case !known:
			return at, nil
		}
		s.inside = true
	}
	return len(window), nil
}

// begins reports that a line may be the field that names a part.
func begins(line []byte) bool {
	n := min(len(line), len(disposition))
	return strings.EqualFold(string(line[:n]), disposition[:n])
}

// head looks at what begins with the field that names a part. It is not known what that is before its lines are there,
// and the value if the name is one of ours.
func (s *parts) head(text []byte, last bool) (known bool, err error) {
	line, rest, ended := logicalLine(text)
	if !ended && !last {
		return false, nil
	}
	if inPieces(line) {
		return true, unreadable()
	}
	for _, name := range namesIn(line) {
		if !ours(name) {
			continue
		}
		value, whole := valueAfter(rest)
		if !whole && !last {
			return false, nil
		}
		if err := s.found(name, value); err != nil {
			return true, err
		}
	}
	return true, nil
}

// logicalLine cuts a field with its continuation lines off (RFC 5322 2.2.3).
func logicalLine(text []byte) (line string, rest []byte, ended bool) {
	for at := 0; ; {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 || at+end+1 == len(text) {
			return string(text), nil, false
		}
		if at += end + 1; text[at] != ' ' && text[at] != '\t' {
			return string(text[:at]), text[at:], true
		}
	}
}

// valueAfter is the first line after the empty one that ends a head.
func valueAfter(rest []byte) (value string, whole bool) {
	for {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		if !found {
			return "", false
		}
		if rest = after; len(bytes.TrimRight(line, "\r")) == 0 {
			line, _, found = bytes.Cut(rest, []byte("\n"))
			return string(bytes.TrimRight(line, "\r")), found
		}
	}
}

// namesIn are the values of all parameters of a field that end in "name", in every spelling (RFC 2231, RFC 6266).
func namesIn(line string) []string {
	var names []string
	lower := lowerASCII(line)
	for at := 0; ; {
		i := strings.Index(lower[at:], "name")
		if i < 0 {
			return names
		}
		at += i + len("name")
		value := strings.TrimLeft(line[at:], "* \t\r\n")
		if value, ok := strings.CutPrefix(value, "="); ok {
			name := parameterValue(strings.TrimLeft(value, " \t\r\n"))
			if names = append(names, name); unescape(name) != name {
				names = append(names, unescape(name))
			}
		}
	}
}

// inPieces reports a name that is written in several parameters (RFC 2231 3).
func inPieces(line string) bool {
	lower := lowerASCII(line)
	return strings.Contains(lower, "name*0") || strings.Contains(lower, "name*1")
}

// lowerASCII keeps the length.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// parameterValue is a token, or a quoted string without its escapes.
func parameterValue(text string) string {
	if text == "" || text[0] != '"' {
		end := strings.IndexAny(text, "; \t\r\n")
		if end < 0 {
			end = len(text)
		}
		return text[strings.LastIndexByte(text[:end], '\'')+1 : end]
	}
	var b strings.Builder
	for i := 1; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
