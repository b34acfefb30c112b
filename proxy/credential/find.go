package credential

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// find says where in a request the placeholder stands, in words; "" where it does not.
func (b binding) find(h http.Header, target *url.URL) string {
	if target != nil && b.inTarget(target) {
		return "the target"
	}
	for key, values := range h {
		if b.inName(key) {
			return "the name of a header"
		}
		for _, v := range values {
			if b.inValue(v) {
				return "header " + textproto.CanonicalMIMEHeaderKey(key)
			}
		}
	}
	return ""
}

// inTarget looks at the target as it stands and as a server would decode it.
func (b binding) inTarget(u *url.URL) bool {
	if u.User != nil {
		password, _ := u.User.Password()
		if b.inText(u.User.Username()) || b.inText(password) {
			return true
		}
	}
	return b.inText(u.Path) || b.inText(u.RawPath) || b.inText(u.Opaque) ||
		b.inText(u.RawQuery) || b.inText(u.Fragment) || b.inName(u.Host)
}

// inText also finds it percent-encoded.
func (b binding) inText(s string) bool {
	return len(s) >= len(b.placeholder) && (strings.Contains(s, b.placeholder) || strings.Contains(unescape(s), b.placeholder)) // escapes only make it longer
}

// inName looks where letters lose their case on the way: names of headers and hosts.
func (b binding) inName(s string) bool {
	return len(s) >= len(b.placeholder) && strings.Contains(strings.ToLower(s), strings.ToLower(b.placeholder))
}

// inValue looks at a header value as it stands, percent-decoded (cookies, Referer) and as Basic.
func (b binding) inValue(v string) bool {
	if len(v) < len(b.placeholder) {
		return false // Basic, like escapes, is longer than what it stands for
	}
	if b.inText(v) {
		return true
	}
	scheme, rest, _ := strings.Cut(strings.Trim(v, " \t"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return false
	}
	user, password, ok := decodeBasic(strings.Trim(rest, " "))
	return ok && (b.inText(user) || b.inText(password))
}
