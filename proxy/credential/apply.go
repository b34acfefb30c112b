package credential

import (
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// Apply exchanges the placeholders in a request to host for the secrets. Host is the name the policy
// judged, not what the request says of itself; verified tells whether the connection to it is TLS with
// a certificate that was checked for that name.
//
// A placeholder is exchanged only in the headers that carry the credentials of its provider's type,
// and there only as the whole value, after a scheme ("token X", "Bearer X"), or as user or password of
// Basic. Elsewhere in a request to the provider's own host it stays as it is: a server that repeats a
// header or a query in its answer would hand the secret to the sandbox.
//
// Used names the providers whose secret went in. The error is a *Misuse; h is unchanged then. The
// target is read, never written.
func (in *Injector) Apply(host string, verified bool, h http.Header, target *url.URL) (used []string, err error) {
	if in == nil {
		return nil, nil
	}
	host = canonicalHost(host)
	for _, b := range in.bindings {
		own := b.owns(host)
		if own && verified {
			continue
		}
		if place := b.find(h, target); place != "" {
			return nil, &Misuse{Provider: b.provider.Name, Host: host, Place: place, Unverified: own}
		}
	}
	for _, b := range in.bindings {
		if b.owns(host) && b.exchange(h) {
			used = append(used, b.provider.Name)
		}
	}
	return used, nil
}

// exchange puts the secret in and tells whether it did. No secret can be changed by a later binding:
// placeholders are random.
func (b binding) exchange(h http.Header) (used bool) {
	for key, values := range h {
		if !b.carries(key) {
			continue
		}
		for i, v := range values {
			if n, ok := b.credential(v); ok {
				values[i], used = n, true
			}
		}
	}
	return used
}

func (b binding) carries(key string) bool {
	return b.profile.headers == nil || slices.Contains(b.profile.headers, textproto.CanonicalMIMEHeaderKey(key))
}

// credential returns a header value with the secret in place of the placeholder.
func (b binding) credential(value string) (string, bool) {
	value = strings.Trim(value, " \t")
	if value == b.placeholder {
		return b.secret.Reveal(), true
	}
	scheme, rest, _ := strings.Cut(value, " ")
	rest = strings.TrimLeft(rest, " ")
	if strings.EqualFold(scheme, "Basic") {
		return b.basic(rest)
	}
	if rest == b.placeholder && token(scheme) {
		return scheme + " " + b.secret.Reveal(), true
	}
	return "", false
}

// token tells whether s can be an authentication scheme.
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
	})
}

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
	return strings.Contains(s, b.placeholder) || strings.Contains(unescape(s), b.placeholder)
}

// inName looks where letters lose their case on the way: names of headers and hosts.
func (b binding) inName(s string) bool {
	return len(s) >= len(b.placeholder) && strings.Contains(strings.ToLower(s), strings.ToLower(b.placeholder))
}

// inValue looks at a header value as it stands, percent-decoded (cookies, Referer) and as Basic.
func (b binding) inValue(v string) bool {
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

// unescape decodes the escapes that are well formed and leaves the others, as lenient servers do.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				out.WriteString(c)
				i += 2
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
