package policy

import "strings"

// otherForms are the paths that a server might take a lower-case path for: a
// deny rule fires on any of them, since a server that decodes once more, merges
// slashes or drops parameters would do what the rule forbids.
func otherForms(path string) []string {
	if isOnlyForm(path) {
		return nil
	}
	var forms []string
	for _, form := range []string{path, decodeForm(path)} {
		for _, form := range []string{form, withoutParameters(form)} {
			merged := mergeSlashes(form)
			forms = append(forms, form, merged)
			if trimmed := strings.TrimSuffix(merged, "/"); trimmed != "" {
				forms = append(forms, trimmed)
			}
		}
	}
	return forms
}

// isOnlyForm reports a path that every server takes for itself.
func isOnlyForm(path string) bool {
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '%', ';':
			return false
		case '/':
			if i == len(path)-1 && i > 0 || i > 0 && path[i-1] == '/' {
				return false
			}
		}
	}
	return true
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
func decodeForm(path string) string {
	path = unnest(path)
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if c, ok := unescape(path[i:]); ok && isPathByte(c) {
			b.WriteString(strings.ToLower(string(rune(c))))
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

// mergeSlashes removes empty segments.
func mergeSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// withoutFormat is a path without what names the format of the answer, as Rails and Grape route it
// ("/graphql.json", Rails routing 3.11), and without dots and spaces at its end, which Windows drops.
func withoutFormat(path string) string {
	for bare := ""; bare != path; {
		bare, path = path, strings.TrimRight(strings.TrimSuffix(path, "%20"), ".")
	}
	if dot := strings.LastIndexByte(path, '.'); dot > strings.LastIndexByte(path, '/')+1 {
		path = path[:dot]
	}
	return path
}
