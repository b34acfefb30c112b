package credential

import (
	"net/url"
	"slices"
	"strings"
)

// exchangeQuery puts the secret in where a parameter that carries credentials has the placeholder for
// its value. Every other byte of the query stays.
func (b binding) exchangeQuery(target *url.URL) (used bool) {
	if target == nil || !strings.Contains(unescape(target.RawQuery), b.placeholder) {
		return false
	}
	pairs := strings.Split(target.RawQuery, "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if b.carriesParameter(unescape(name)) && unescape(value) == b.placeholder {
			pairs[i], used = name+"="+url.QueryEscape(b.secret.Reveal()), true
		}
	}
	target.RawQuery = strings.Join(pairs, "&")
	return used
}

func (b binding) carriesParameter(name string) bool {
	return b.profile.headers == nil || slices.Contains(b.profile.query, name)
}

// unescape decodes the escapes that are well formed and leaves the others, as lenient servers do.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out, rest := decodePercent(nil, []byte(s))
	return string(append(out, rest...))
}
