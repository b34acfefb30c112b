package policy

import (
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// CanonicalHost gives the one spelling of a host name or address literal:
// lower case, A-labels, no trailing dot, addresses without brackets and as
// netip prints them, IPv4 out of IPv6 mapping. It refuses what is neither a
// DNS name nor an address, the shorthand forms of IPv4 (127.1, 0x7f000001)
// among it: resolvers read those differently, so an address check would miss them.
func CanonicalHost(raw string) (string, error) {
	if raw == "" {
		return "", errors.New("the host is empty")
	}
	if addr, ok, err := literalAddress(raw); ok || err != nil {
		return addr, err
	}
	name := strings.TrimSuffix(raw, ".")
	if !isASCII(name) {
		ascii, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return "", errors.New("the host is no international domain name")
		}
		name = ascii
	}
	name = strings.ToLower(name)
	return name, checkName(name)
}

// literalAddress reads raw as an IP address. Without ok and error it is none.
func literalAddress(raw string) (string, bool, error) {
	inner, bracketed := raw, false
	if strings.HasPrefix(raw, "[") || strings.HasSuffix(raw, "]") {
		if len(raw) < 2 || raw[0] != '[' || raw[len(raw)-1] != ']' {
			return "", false, errors.New("the host has half a bracket")
		}
		inner, bracketed = raw[1:len(raw)-1], true
	}
	if strings.Contains(inner, "%") && strings.Contains(inner, ":") {
		return "", false, errors.New("the host is an address with a zone")
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "."))
	switch {
	case err != nil && (bracketed || strings.Contains(inner, ":")):
		return "", false, errors.New("the host is no IPv6 address")
	case err != nil:
		return "", false, nil
	case bracketed && !addr.Is6(), addr.Is6() && strings.HasSuffix(inner, "."):
		return "", false, errors.New("the host is no IPv6 address")
	}
	return addr.Unmap().String(), true, nil
}

// checkName refuses what is no lower-case DNS name. Underscores occur in real
// ones and are harmless.
func checkName(name string) error {
	if len(name) > 253 {
		return errors.New("the host is longer than 253 bytes")
	}
	last := ""
	for label := range strings.SplitSeq(name, ".") {
		if err := checkLabel(label); err != nil {
			return err
		}
		last = label
	}
	// Whatever ends in a number is an IPv4 address to a URL parser (WHATWG URL,
	// "ends in a number"), and none in the form that was checked above.
	if isNumber(last) {
		return errors.New("the host ends in a number but is no IPv4 address")
	}
	return nil
}

func checkLabel(label string) error {
	switch {
	case label == "":
		return errors.New("the host has an empty label")
	case len(label) > 63:
		return errors.New("the host has a label longer than 63 bytes")
	case label[0] == '-' || label[len(label)-1] == '-':
		return errors.New("the host has a label that starts or ends with a hyphen")
	}
	for i := 0; i < len(label); i++ {
		c := label[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return errors.New("the host holds a character that no DNS name has")
		}
	}
	if strings.HasPrefix(label, "xn--") {
		if _, err := idna.Lookup.ToUnicode(label); err != nil {
			return errors.New("the host has an A-label that stands for no name")
		}
	}
	return nil
}

// isNumber reports a label that URL parsers read as a decimal, octal or
// hexadecimal number.
func isNumber(label string) bool {
	digits, hex := strings.CutPrefix(label, "0x")
	for i := 0; i < len(digits); i++ {
		if c := digits[i]; !('0' <= c && c <= '9' || hex && 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
