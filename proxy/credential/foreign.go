package credential

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"exeat/policy/alike"
)

// carriers are the headers in which services expect credentials, and parameters the names of query
// parameters in which they do.
var (
	carriers = []string{
		"Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "Api-Key", "Private-Token", "Job-Token", "Deploy-Token",
		"X-Goog-Api-Key", "X-Github-Token", "X-Access-Token", "X-Amz-Security-Token",
	}
	parameters = []string{
		"access_token", "private_token", "job_token", "auth_token", "oauth_token", "api_key", "api-key", "apikey",
		"client_secret", "x-amz-signature",
	}
)

// Foreign refuses, towards the hosts of the attached providers, on whatever port and path, every
// credential that is not the provider's placeholder. To is HOST[:PORT]. It returns a *Foreign, or nil.
// Ask before Apply.
func (in *Injector) Foreign(to string, h http.Header, target *url.URL) error {
	d := destinationOf(to, nil)
	var own []binding
	for _, b := range in.bindings() {
		if b.guards(d.host) {
			own = append(own, b)
		}
	}
	if len(own) == 0 {
		return nil
	}
	if where, value := foreignHeader(own, h); where != "" {
		return &Foreign{Host: d.host, Place: where, Own: repeats(own, value)}
	}
	if where, value := foreignParameter(own, target); where != "" {
		return &Foreign{Host: d.host, Place: where, Own: repeats(own, value)}
	}
	return nil
}

// repeats tells whether a placeholder of the host's providers stands in the value.
func repeats(own []binding, value string) bool {
	return slices.ContainsFunc(own, func(b binding) bool { return !b.detached && strings.Contains(value, b.placeholder) })
}

// foreignHeader looks at all spellings that CGI takes for a carrier; a placeholder counts in the right one alone.
func foreignHeader(own []binding, h http.Header) (where, value string) {
	for key, values := range h {
		name := http.CanonicalHeaderKey(key)
		if strings.Contains(key, "_") {
			name = http.CanonicalHeaderKey(alike.Field(key))
		}
		for _, v := range values {
			switch {
			case name == "Sec-Websocket-Protocol" && carriesKey(v):
			case !slices.Contains(carriers, name), name == "Cookie" && harmless(v), name == key && placed(own, key, v):
				continue
			}
			return "header " + key, v
		}
	}
	return "", ""
}

// placed tells whether the value is a placeholder of the host's providers, where their types carry credentials. That of a
// detached one is for Apply to refuse.
func placed(own []binding, key, value string) bool {
	return slices.ContainsFunc(own, func(b binding) bool { _, ok := b.credential(value); return ok && b.carries(key) })
}

// carriesKey finds keys among the protocols that are offered for a WebSocket, where browsers have no other place for
// them: "openai-insecure-api-key.KEY", "base64url.bearer.authorization.k8s.io.TOKEN".
func carriesKey(protocols string) bool {
	protocols = strings.ToLower(protocols)
	return strings.Contains(protocols, "api-key.") || strings.Contains(protocols, "bearer.")
}

// bots are cookies by which a front tells programs from people. They stand for no account.
var bots = []string{"__cf_bm", "_cfuvid", "cf_clearance", "__cflb"}

// harmless tells whether a Cookie field has no other cookies than those, to servers too that begin one at a comma or a
// space (Python's http.cookies).
func harmless(field string) bool {
	for cookie := range strings.FieldsFuncSeq(field, func(r rune) bool { return strings.ContainsRune(";, \t", r) }) {
		name, _, _ := strings.Cut(cookie, "=")
		if !slices.Contains(bots, name) {
			return false
		}
	}
	return true
}

// foreignParameter looks at the parameters that carry credentials anywhere, and at those that do for
// these providers, in all spellings that servers take for them.
func foreignParameter(own []binding, target *url.URL) (where, value string) {
	if target == nil || target.RawQuery == "" {
		return "", ""
	}
	for pair := range strings.SplitSeq(strings.ReplaceAll(target.RawQuery, ";", "&"), "&") {
		key, value, _ := strings.Cut(pair, "=")
		key = unescape(key)
		name := alike.Parameter(strings.ReplaceAll(key, "+", " "))
		named := slices.Contains(parameters, name)
		expected := false
		for _, b := range own {
			named = named || slices.Contains(b.profile.query, name)
			expected = expected || b.carriesParameter(key) && unescape(value) == b.placeholder
		}
		if named && !expected {
			return "query parameter " + name, value
		}
	}
	return "", ""
}
