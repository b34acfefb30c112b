package policy

import "strings"

const upperHex = "0123456789ABCDEF"

// escapeUpper is the escape of c.
func escapeUpper(c byte) string { return string([]byte{'%', upperHex[c>>4], upperHex[c&15]}) }

// unescape decodes the escape at the start of s, if there is one.
func unescape(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, low := hexDigit(s[1]), hexDigit(s[2])
	return byte(high<<4 | low), high >= 0 && low >= 0
}

// hexDigit is the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// isUnreserved is unreserved of RFC 3986 section 2.3: an escape of these means
// the same as the byte itself, to everyone.
func isUnreserved(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("-._~", c) >= 0
}
