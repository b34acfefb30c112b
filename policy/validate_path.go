package policy

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// rooted writes "**" at the start of a path as "/**": request paths start with
// a slash, and OpenShell's files use both.
func rooted(glob string) string {
	if strings.HasPrefix(glob, "**") {
		return "/" + glob
	}
	return glob
}

// requestPath checks a glob over request paths. Requests are judged in
// canonical form (see CanonicalPath), so a glob that is not cannot match.
func (w *walker) requestPath(at place, glob string, encodedSlash bool) bool {
	foreign := strings.IndexFunc(glob, func(r rune) bool { return r > unicode.MaxASCII })
	switch {
	case glob == "*":
		w.fail(at, `write "/**" for every path`, `no request matches: "*" stays within one segment`)
	case !strings.HasPrefix(glob, "/"):
		w.fail(at, "write "+strconv.Quote("/"+shorten(strings.TrimLeft(glob, "*"))),
			"no request matches: want a path that starts with a slash, got %s", strconv.Quote(shorten(glob)))
	case foreign >= 0:
		r, size := utf8.DecodeRuneInString(glob[foreign:])
		w.fail(at, "write "+url.PathEscape(glob[foreign:foreign+size]), "no request matches: %q is escaped in requests", r)
	case strings.Contains(glob, "%2F") && !encodedSlash:
		w.fail(at, "set allow_encoded_slash: true on the endpoint", "requests with %%2F are refused here")
	default:
		return w.glob(at, globPath, glob)
	}
	return false
}
