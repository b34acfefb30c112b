package approvals

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Neutral makes text that an agent wrote safe to print on a terminal and to
// hand to a model: one line of printable ASCII, everything else made visible.
// Escape sequences would repaint the review while a human reads it, U+202E
// would turn a path around, and letters that look like others would rename it.
// Line breaks become spaces. Applied to its own result it changes nothing.
func Neutral(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case size == 1: // a control character, or no UTF-8
			fmt.Fprintf(&b, `\x%02x`, text[i])
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
		i += size
	}
	return strings.TrimSpace(b.String())
}

// neutralLines is Neutral for text whose line breaks and indentation have a meaning.
func neutralLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimSuffix(line, "\n")
		indent := len(body) - len(strings.TrimLeft(body, " "))
		b.WriteString(body[:indent] + Neutral(body[indent:]) + line[len(body):])
	}
	return b.String()
}
