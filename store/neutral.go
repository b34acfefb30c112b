package store

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of text that code in a sandbox chose.
const (
	maxText      = 1024 // bytes of one text
	maxRule      = 4096 // bytes of the YAML that would allow something
	maxAncestors = 32   // texts in a list
	cut          = "..."
)

// neutral makes text from the sandbox safe to print and to show to a model: only
// printable ASCII on one line, and no more than maxText bytes. Escape sequences
// would let an agent repaint the terminal of the human who reads its denials,
// U+202E would turn a path around before his eyes, newlines would forge log
// lines, and 10 kB of prose would talk to the model that reads it. Applied to its
// own result it changes nothing.
func neutral(s string) string { return visible(s, maxText, "") }

// neutralTarget also drops the query, where secrets travel.
func neutralTarget(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	return neutral(s)
}

// neutralRule keeps line ends: it is YAML, with names from the sandbox in it.
func neutralRule(s string) string { return visible(s, maxRule, "\n") }

// neutralList keeps the first, for ancestors the nearest.
func neutralList(list []string) []string {
	n := min(len(list), maxAncestors)
	for _, s := range list[:n] {
		if neutral(s) != s {
			return neutralCopy(list, n)
		}
	}
	if n < len(list) {
		return neutralCopy(list, n)
	}
	return list
}

func neutralCopy(list []string, n int) []string {
	result := make([]string, n, n+1)
	for i, s := range list[:n] {
		result[i] = neutral(s)
	}
	if n < len(list) {
		result[n-1] = cut
	}
	return result
}

func visible(s string, limit int, keep string) string {
	if len(s) <= limit && harmless(s, keep) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		piece := escape(s[i:i+size], r, keep)
		if b.Len()+len(piece) > limit-len(cut) && !fits(b.Len(), s[i:], limit, keep) {
			return b.String() + cut
		}
		b.WriteString(piece)
		i += size
	}
	return b.String()
}

// fits says whether the rest still goes in, so that text of exactly the limit is
// not cut. It reads no more of the rest than that takes.
func fits(used int, rest string, limit int, keep string) bool {
	for i := 0; i < len(rest); {
		r, size := utf8.DecodeRuneInString(rest[i:])
		used += len(escape(rest[i:i+size], r, keep))
		if used > limit {
			return false
		}
		i += size
	}
	return true
}

func harmless(s, keep string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' || c > '~') && strings.IndexByte(keep, c) < 0 {
			return false
		}
	}
	return true
}

func escape(raw string, r rune, keep string) string {
	switch {
	case r >= ' ' && r <= '~', strings.Contains(keep, raw):
		return raw
	case len(raw) == 1: // a control character, or a byte that is not UTF-8
		return fmt.Sprintf(`\x%02x`, raw[0])
	default:
		return fmt.Sprintf(`\u{%x}`, r)
	}
}
