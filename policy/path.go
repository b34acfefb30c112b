package policy

import (
	"errors"
	"fmt"
	"strings"
)

// maxRequestPath bounds a request's path in bytes, before and after it is made canonical.
const maxRequestPath = 4096

// CanonicalPath gives the one spelling of a request path, without its query,
// that is judged and sent: unreserved escapes decoded, all others in upper case,
// what RFC 3986 does not allow in a path escaped, dot segments resolved. Empty
// segments and parameters stay as they are. The error says why no spelling can
// be trusted and is the reason for a 400. With allowEncodedSlash %2F may stand
// inside segments.
func CanonicalPath(raw string, allowEncodedSlash bool) (string, error) {
	switch {
	case len(raw) > maxRequestPath:
		return "", fmt.Errorf("the path has %d bytes, more than %d", len(raw), maxRequestPath)
	case !strings.HasPrefix(raw, "/"):
		return "", errors.New("the path does not start with a slash")
	}
	if isPlainPath(raw) {
		return raw, nil
	}
	escaped, err := canonicalEscapes(raw, allowEncodedSlash)
	if err != nil {
		return "", err
	}
	path, err := resolveDots(escaped)
	if err != nil {
		return "", err
	}
	if len(path) > maxRequestPath {
		return "", fmt.Errorf("the path has more than %d bytes once it is escaped", maxRequestPath)
	}
	return path, hiddenDots(path)
}

// isPlainPath reports that a path holds no escape and nothing near a dot
// segment, so that it is canonical as it stands. Most paths are.
func isPlainPath(path string) bool {
	for i := 0; i < len(path); i++ {
		if c := path[i]; !isPathByte(c) || c == '.' && i > 0 && path[i-1] == '/' {
			return false
		}
	}
	return true
}

// isCanonicalPath reports that CanonicalPath would not change path.
func isCanonicalPath(path string) bool {
	if len(path) <= maxRequestPath && strings.HasPrefix(path, "/") && isPlainPath(path) {
		return true
	}
	canonical, err := CanonicalPath(path, true)
	return err == nil && canonical == path
}

// pathBytes are the bytes RFC 3986 section 3.3 allows in a path, without "%".
var pathBytes = func() (set [256]bool) {
	for c := range 0x80 {
		set[c] = isUnreserved(byte(c)) || strings.IndexByte("!$&'()*+,;=:@/", byte(c)) >= 0
	}
	return set
}()

func isPathByte(c byte) bool { return pathBytes[c] }

// canonicalEscapes spells every byte of a path in its one way.
func canonicalEscapes(raw string, allowEncodedSlash bool) (string, error) {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if isPathByte(c) {
			b.WriteByte(c)
			continue
		}
		if c != '%' {
			if err := refuseRaw(c); err != nil {
				return "", err
			}
			b.WriteString(escapeUpper(c))
			continue
		}
		decoded, ok := unescape(raw[i:])
		if !ok {
			return "", errors.New("the path holds a % that starts no escape")
		}
		i += 2
		if err := refuseEscaped(decoded, allowEncodedSlash); err != nil {
			return "", err
		}
		if isUnreserved(decoded) {
			b.WriteByte(decoded)
		} else {
			b.WriteString(escapeUpper(decoded))
		}
	}
	return b.String(), nil
}

// refuseRaw refuses bytes that servers and proxies read in different ways.
func refuseRaw(c byte) error {
	switch {
	case c <= ' ' || c == 0x7f:
		return errors.New("the path holds a control byte or a space")
	case c >= 0x80:
		return errors.New("the path holds a byte that is not ASCII")
	case c == '#':
		return errors.New("the path holds a #")
	case c == '?':
		return errors.New("the path holds a ?")
	case c == '\\':
		// Windows servers and many URL parsers take it for a slash.
		return errors.New(`the path holds a \`)
	}
	return nil
}

// refuseEscaped refuses escapes that would change where segments end, once a
// server decodes them.
func refuseEscaped(c byte, allowEncodedSlash bool) error {
	switch {
	case c < ' ' || c == 0x7f:
		return errors.New("the path holds an escaped control byte")
	case c == '\\':
		return errors.New(`the path holds an escaped \`)
	case c == '/' && !allowEncodedSlash:
		return errors.New("the path holds an escaped slash")
	}
	return nil
}

// resolveDots removes "." and ".." as RFC 3986 section 5.2.4 does.
func resolveDots(path string) (string, error) {
	segments := strings.Split(path[1:], "/")
	kept := segments[:0]
	for i, segment := range segments {
		if segment != "." && segment != ".." {
			kept = append(kept, segment)
			continue
		}
		if segment == ".." {
			if len(kept) == 0 {
				return "", errors.New("the path leads above the root")
			}
			kept = kept[:len(kept)-1]
		}
		if i == len(segments)-1 {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/"), nil
}

// hiddenDots refuses dot segments that only some servers see: with parameters
// ("..;x", as Tomcat reads it), before an escaped "?" (behind an nginx that passes
// on what it decoded, it begins a query), between escaped slashes, or in an escape
// that is escaped again ("%252e%252e", for those that decode twice).
func hiddenDots(path string) error {
	if !strings.Contains(path, "..") && !strings.Contains(path, "%2F.") && !strings.Contains(path, "/.") && !strings.Contains(path, "%25") {
		return nil
	}
	plain := strings.NewReplacer("%2F", "/", "%2f", "/", "%5C", "/", "%5c", "/", "%2E", ".", "%2e", ".", "%3B", ";", "%3b", ";",
		"%3F", ";", "%3f", ";", "%23", ";")
	for segment := range strings.SplitSeq(plain.Replace(unnest(path)), "/") {
		name, _, _ := strings.Cut(segment, ";")
		if name == "." || name == ".." {
			return errors.New("the path hides a dot segment")
		}
	}
	return nil
}
