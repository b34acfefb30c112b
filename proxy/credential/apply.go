package credential

import (
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"exeat/policy/alike"
)

// Apply exchanges the placeholders in a request for the secrets. To is where it goes, HOST[:PORT], as
// the policy judged it and not as the request says of itself; verified tells whether the connection is
// TLS with a certificate that was checked for that name.
//
// A placeholder is exchanged only in the headers and the query parameters that carry the credentials
// of its provider's type, and there only as the whole value, after a scheme ("token X", "Bearer X"),
// or as user or password of Basic. Elsewhere in a request to a place of the provider's it stays as it
// is. In a request to anywhere else it is misuse.
//
// Used names the providers whose secret went in. The error is a *Misuse; h and target are unchanged
// then.
func (in *Injector) Apply(to string, verified bool, h http.Header, target *url.URL) (used []string, err error) {
	bindings, d := in.bindings(), destinationOf(to, target)
	for _, b := range bindings {
		if b.owns(d) && verified {
			continue
		}
		if where := b.find(h, target); where != "" {
			return nil, b.misuse(d, where)
		}
	}
	for _, b := range bindings {
		if !b.owns(d) {
			continue
		}
		inHeader, inQuery := b.exchange(h), b.exchangeQuery(target)
		if inHeader || inQuery {
			used = append(used, b.provider.Name)
		}
	}
	return used, nil
}

// misuse says why the placeholder must not go there.
func (b binding) misuse(d destination, where string) *Misuse {
	return &Misuse{
		Provider: b.provider.Name, Host: d.host, Place: where,
		Detached: b.detached, Unverified: b.owns(d), Outside: !b.detached && !b.owns(d) && b.names(d.host),
	}
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
	if b.profile.headers == nil {
		return !describes(key)
	}
	return slices.Contains(b.profile.headers, textproto.CanonicalMIMEHeaderKey(key))
}

// describes tells whether a field says what the request is. Such a field is read and judged here, and a refusal names
// its value: with a secret in it, "Content-Encoding: PLACEHOLDER" would be answered with what the placeholder stands for.
func describes(key string) bool {
	name := alike.Field(key)
	return strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "mcp-")
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
