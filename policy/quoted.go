package policy

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// plainText is what YAML takes for a string as it stands, and nothing else.
var plainText = regexp.MustCompile(`^[A-Za-z/._][A-Za-z0-9/._:*+@%~-]*$`)

// notStrings are the plain words that YAML 1.1 or 1.2 take for something else.
var notStrings = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|~|\.nan|\.inf|[0-9.].*|.*:)$`)

// quoted writes s as a YAML scalar that reads as exactly this string.
func quoted(s string) string {
	if plainText.MatchString(s) && !notStrings.MatchString(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x80 && unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
