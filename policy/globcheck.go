package policy

import (
	"errors"
	"fmt"
	"strings"
)

// check refuses what is no glob of this kind, or one that nothing can match:
// a rule that never fires would be believed to do something.
func (k globKind) check(pattern string) error {
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '{' || c == '}':
			return errors.New("braces are not supported: write one pattern for each alternative")
		case c == '\\':
			return errors.New(`\ is not supported: write [*] for a literal star`)
		case c < ' ' || c == 0x7f:
			return fmt.Errorf("the pattern holds the control byte %#02x", c)
		}
	}
	switch k {
	case globPath:
		return checkPathGlob(pattern)
	case globBinary:
		return checkBinaryGlob(pattern)
	case globHost:
		return checkHostGlob(pattern)
	default:
		return nil
	}
}

func checkPathGlob(pattern string) error {
	if !strings.HasPrefix(pattern, "/") && !strings.HasPrefix(pattern, "**") {
		return errors.New("a path starts with a slash")
	}
	for segment := range strings.SplitSeq(pattern, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("no request has the segment %q once its path is resolved", segment)
		}
	}
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if !isPathByte(c) && c != '%' && c != '?' && c != '[' && c != ']' {
			return fmt.Errorf("requests carry %q as %%%02X", c, c)
		}
		if c != '%' {
			continue
		}
		decoded, ok := unescape(pattern[i:])
		if !ok || escapeUpper(decoded) != pattern[i:i+3] {
			return errors.New("an escape is % and two hexadecimal digits in upper case")
		}
		if err := refuseEscaped(decoded, true); err != nil {
			return fmt.Errorf("%s is refused in requests", pattern[i:i+3])
		}
		if isUnreserved(decoded) {
			return fmt.Errorf("requests carry %s as %c", pattern[i:i+3], decoded)
		}
	}
	return nil
}

func checkBinaryGlob(pattern string) error {
	if !strings.HasPrefix(pattern, "/") {
		return errors.New("the path of a binary starts with a slash")
	}
	for i, segment := range strings.Split(pattern, "/") {
		if segment == "." || segment == ".." || segment == "" && i > 0 {
			return fmt.Errorf("the kernel names no binary with the segment %q", segment)
		}
	}
	return nil
}

// checkHostGlob expects the canonical form, see CanonicalHost.
func checkHostGlob(pattern string) error {
	if strings.ToLower(pattern) != pattern {
		return errors.New("hosts compare in lower case")
	}
	first, rest, _ := strings.Cut(pattern, ".")
	if strings.ContainsAny(rest, "*?[]") {
		return errors.New("only the first label of a host may have wildcards")
	}
	if strings.ContainsAny(first, "*?[") && !strings.Contains(rest, ".") {
		return fmt.Errorf("%s stands for too many hosts: name a domain below it", pattern)
	}
	return nil
}
