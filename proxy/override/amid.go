package override

import (
	"bytes"
	"slices"
	"strings"

	"exeat/policy/alike"
)

// amid takes an opener that stands within a line, where Rack finds one too: the names between it and the end of its line or
// the next colon, whichever comes later. One that goes on for longer is a head like any other. known is false where more
// has to be read.
func (s *parts) amid(lower []byte, last bool) (known bool, err error) {
	text := lower[:min(len(lower), maxHead)]
	cut := len(text) < maxHead && !last
	text = bytes.TrimLeft(text, " \t\v\f")
	switch end := s.reach(text); {
	case s.head:
		return true, nil
	case len(text) == 0:
		return !cut, nil
	case text[0] != ':':
		return true, nil
	case end > 0:
		text = text[:end]
	case cut:
		return false, nil
	case len(lower) >= maxHead:
		s.head = true
		return true, nil
	}
	return true, s.named(text)
}

// reach is where the names behind an opener end, or 0 if that is not known. Behind the next opener they are looked for again.
func (s *parts) reach(text []byte) int {
	if len(text) == 0 || text[0] != ':' {
		return 0
	}
	ended := false
	if next := s.again.FindIndex(text); next != nil {
		text, ended = text[:next[0]], true
	}
	if end := bytes.Index(text, []byte(headEnd)); end > 0 {
		text, ended = text[:end], true
	}
	line, colon := bytes.IndexByte(text, '\n'), bytes.IndexByte(text[1:], ':')
	switch {
	case line >= 0 && colon >= 0:
		return max(line, colon+1)
	case ended:
		return len(text)
	}
	return 0
}

// named asks about everything if one of the names is ours. Which quotation marks belong together is up to the server, so
// each name is looked at by itself.
func (s *parts) named(text []byte) error {
	for _, at := range s.names.FindAllIndex(text, -1) {
		value := bytes.TrimLeft(text[at[1]:min(len(text), at[1]+maxName)], " \t\r\n\v\f")
		quoted, isQuoted := bytes.CutPrefix(value, []byte(`"`))
		if isQuoted && isName(quoted, `"`) || isName(quoted, " \t\r\n\v\f;,") || isName(quoted, " \t\r\n\v\f;,()<>:\\\"/[]?=") {
			return s.any()
		}
	}
	return nil
}

// isName reports a name of ours that ends before one of the stops. "method" is none in these forms.
func isName(value []byte, stops string) bool {
	if end := bytes.IndexAny(value, stops); end >= 0 {
		value = value[:end]
	}
	name := string(plain(value, "\x00"))
	name = name[strings.LastIndexByte(name, '\'')+1:]
	return ours(name) && alike.Parameter(name) != "method"
}

// isOurs reports a head with one of our names in it. A backslash is nothing to some servers and the end of a name to
// others, and so is a NUL.
func (s *parts) isOurs(head []byte) bool {
	forms := [][]byte{plain(head, ""), plain(joined(head), "")}
	if bytes.IndexByte(head, 0) >= 0 || bytes.Contains(head, []byte("%00")) {
		forms = append(forms, plain(head, " "))
	}
	if bytes.IndexByte(head, '\\') >= 0 {
		forms = append(forms, plain(bytes.ReplaceAll(head, []byte(`\`), []byte(" ")), ""))
	}
	return slices.ContainsFunc(forms, s.ours.Match)
}
