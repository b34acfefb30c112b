package policy

import (
	"strings"
	"unicode"
)

// otherForms are the paths that a server might take a lower-case path for: a
// deny rule fires on any of them, since a server that decodes once more, merges
// slashes or drops parameters would do what the rule forbids.
func otherForms(path string) []string {
	if isOnlyForm(path) {
		return nil
	}
	forms := []string{path, decodeForm(path)}
	for _, read := range readings {
		for _, form := range forms {
			if other := read(form); other != form && other != "" {
				forms = append(forms, other)
			}
		}
	}
	return forms
}

// readings are what servers make of a path on the way to what it names, in the order in which they would. None is sure,
// so each is made of what the ones before it left, and of what it was.
var readings = []func(path string) string{
	foldLetters, endAtQuery, endAtSemicolon, withoutAuthority, behindScript, untilScript, withoutParameters, onWindows, mergeSlashes,
	func(path string) string { return strings.TrimSuffix(path, "/") },
}

// isOnlyForm reports a path that every server takes for itself.
func isOnlyForm(path string) bool {
	for i := 0; i < len(path); i++ {
		last := i == len(path)-1 || path[i+1] == '/'
		switch path[i] {
		case '%', ';', '$':
			return false
		case '/', '.', ')':
			if last && path != "/" {
				return false
			}
		case 'p': // of a script
			if last && i < len(path)-1 && strings.HasSuffix(path[:i+1], endScript) {
				return false
			}
		}
	}
	return true
}

// foldLetters decodes letters beyond ASCII and takes each for what it is without regard to case, as Python and Go compare:
// that of "%C4%B1" is "i", of "%C5%BF" "s". Those of full width are taken for the others, as Windows and NFKC do.
func foldLetters(path string) string {
	letters := strings.Map(foldLetter, unescapeSome(path, func(c byte) bool { return c >= 0x80 }))
	var b strings.Builder
	for i := 0; i < len(letters); i++ {
		if c := letters[i]; c < 0x80 {
			b.WriteByte(c)
		} else {
			b.WriteString(strings.ToLower(escapeUpper(c)))
		}
	}
	return b.String()
}

func foldLetter(r rune) rune {
	if '\uff01' <= r && r <= '\uff5e' {
		r -= '\uff01' - '!'
	}
	if r >= 0x80 || 'A' <= r && r <= 'Z' {
		r = unicode.ToLower(unicode.ToUpper(r))
	}
	return r
}

// endAtQuery ends a path at an escaped "?" or "#": nginx and Apache decode what they rewrite or pass on as $uri, and the
// server behind them takes the rest for a query.
func endAtQuery(path string) string {
	for _, mark := range []string{"%3f", "%23"} {
		path, _, _ = strings.Cut(path, mark)
	}
	return path
}

// hiddenQuery is what stands behind such an end, to go on with a query.
func hiddenQuery(path string) string {
	if strings.IndexByte(path, '%') < 0 {
		return ""
	}
	_, query, found := strings.Cut(strings.ToUpper(unnest(path)), "%3F") // the case of methods and of their parameters is nothing
	if !found {
		return ""
	}
	return "&" + unescapeSome(query, isPathByte)
}

// endAtSemicolon ends a path where Fastify 4 has its query begin.
func endAtSemicolon(path string) string {
	path, _, _ = strings.Cut(path, ";")
	return path
}

// withoutAuthority takes "//x/admin" for "/admin" of the host x, as Node's new URL() and PHP's parse_url() do.
func withoutAuthority(path string) string {
	if !strings.HasPrefix(path, "//") {
		return path
	}
	_, rest, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return "/" + rest
}

const endScript = ".php"

// behindScript is what a script gets to see as the path, "/admin" of "/index.php/admin" (RFC 3875 4.1.5): what has its
// front controller named by a rewrite mostly takes it by name too.
func behindScript(path string) string {
	if _, rest, ok := strings.Cut(path, endScript+"/"); ok {
		return "/" + rest
	}
	return path
}

// untilScript takes "/admin.php/x" for "/admin.php", which is what runs.
func untilScript(path string) string {
	if script, _, ok := strings.Cut(path, endScript+"/"); ok {
		return script + endScript
	}
	return path
}

// unnest is a path after all decodings of escaped escapes but the last.
func unnest(path string) string {
	for strings.Contains(path, "%25") {
		path = strings.ReplaceAll(path, "%25", "%")
	}
	return path
}

// decodeForm decodes every escape of a byte that may stand in a path unescaped, also one whose "%" is escaped
// itself: a first decoding leaves "%61" of "%2561".
func decodeForm(path string) string { return strings.ToLower(unescapeSome(unnest(path), isPathByte)) }

// unescapeSome decodes the escapes of some bytes.
func unescapeSome(path string, some func(byte) bool) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if c, ok := unescape(path[i:]); ok && some(c) {
			b.WriteByte(c)
			i += 2
			continue
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// withoutParameters drops everything from ";" to the next slash.
func withoutParameters(path string) string {
	if strings.IndexByte(path, ';') < 0 {
		return path
	}
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i], _, _ = strings.Cut(segments[i], ";")
	}
	return strings.Join(segments, "/")
}

// onWindows takes what is in a path for the name of the file that Windows opens by it: "x." and "x%20" are "x", and its stream
// "x::$DATA" is too. It drops what ASP.NET takes for a session without a cookie, the "(S(y))" of "/(S(y))/x".
func onWindows(path string) string {
	segments := strings.Split(path, "/")
	for i, name := range segments {
		name, _, _ = strings.Cut(strings.ReplaceAll(name, "%20", " "), "::$")
		name = strings.TrimRight(name, ". ")
		if strings.HasPrefix(name, "(") && strings.HasSuffix(name, "))") {
			name = ""
		}
		segments[i] = strings.ReplaceAll(name, " ", "%20")
	}
	return strings.Join(segments, "/")
}

// mergeSlashes removes empty segments.
func mergeSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// withoutFormat is a path without what names the format of the answer, as Rails and Grape route it
// ("/graphql.json", Rails routing 3.11).
func withoutFormat(path string) string {
	if dot := strings.LastIndexByte(path, '.'); dot > strings.LastIndexByte(path, '/')+1 {
		path = path[:dot]
	}
	return path
}
