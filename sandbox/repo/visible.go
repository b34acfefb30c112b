package repo

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes text that a sandbox chose safe to show: what moves the cursor,
// turns text around or cannot be seen is written as its number. An escape
// sequence in a diff would repaint what the human decides by; so would a bidi
// control (CVE-2021-42574). Letters of every script stay as they are.
func Visible(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		b.WriteString(shown(text[i:i+size], r))
		i += size
	}
	return b.String()
}

// VisibleLine makes a line of a file safe to show. Its tabs stay: they do no more than
// move to the right, and source code is full of them.
func VisibleLine(line string) string {
	parts := strings.Split(line, "\t")
	for i := range parts {
		parts[i] = Visible(parts[i])
	}
	return strings.Join(parts, "\t")
}

func shown(raw string, r rune) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1, r < ' ', r == 0x7f:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && r != 0x2800:
		return raw // 0x2800 is the empty pattern of Braille
	}
	return fmt.Sprintf(`\u{%x}`, r)
}
