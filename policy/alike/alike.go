// Package alike knows which names of parameters and fields a server may take for one.
package alike

import "strings"

// Parameter is one form of all keys of a query or a form, decoded, that the most liberal of servers take for the same.
// Some ignore case. PHP drops spaces in front, ends a name at NUL, reads '.', ' ' and a '[' that is never closed as '_',
// and takes "a[]" and "a[b]" for parts of a, as others do (main/php_variables.c). Rack and qs drop brackets around a name.
func Parameter(key string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(key, " \t\r\n\v\f[]"), "\x00")
	if open := strings.IndexByte(name, '['); open >= 0 && strings.IndexByte(name[open:], ']') > 0 {
		name = name[:open]
	}
	name = strings.Map(func(r rune) rune {
		if r == '.' || r == ' ' || r == '[' {
			return '_'
		}
		return r
	}, name)
	return strings.ToLower(strings.TrimRight(name, "_]"))
}

// Part is the first part in brackets of a key that has one: "size" of "page[size]". What stands behind it is nothing to PHP.
func Part(key string) string {
	key, _, _ = strings.Cut(strings.TrimLeft(key, " \t\r\n\v\f[]"), "\x00")
	_, part, _ := strings.Cut(key, "[")
	part, _, _ = strings.Cut(part, "]")
	return strings.ToLower(strings.TrimSpace(part))
}

// Field is one form of all names of a header's field that CGI and its like take for the same: they ignore case
// (RFC 9110 5.1), and read '-' and '_' alike (RFC 3875 4.1.18).
func Field(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "-")) }
