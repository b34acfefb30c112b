package credential

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
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
		if b.names(d.host) {
			own = append(own, b)
		}
	}
	if len(own) == 0 {
		return nil
	}
	if where := foreignHeader(own, h); where != "" {
		return &Foreign{Host: d.host, Place: where}
	}
	if where := foreignParameter(own, target); where != "" {
		return &Foreign{Host: d.host, Place: where}
	}
	return nil
}

func foreignHeader(own []binding, h http.Header) string {
	for _, key := range carriers {
		for _, v := range h.Values(key) {
			if key == "Cookie" && harmless(v) {
				continue
			}
			if !slices.ContainsFunc(own, func(b binding) bool { _, ok := b.credential(v); return ok && b.carries(key) }) {
				return "header " + key
			}
		}
	}
	return ""
}

// bots are cookies by which a front tells programs from people. They stand for no account.
var bots = []string{"__cf_bm", "_cfuvid", "cf_clearance", "__cflb"}

// harmless tells whether a Cookie field has no other cookies than those.
func harmless(field string) bool {
	for cookie := range strings.SplitSeq(field, ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(cookie), "=")
		if !slices.Contains(bots, name) {
			return false
		}
	}
	return true
}

// foreignParameter looks at the parameters that carry credentials anywhere, and at those that do for
// these providers. Case is no difference to some servers.
func foreignParameter(own []binding, target *url.URL) string {
	if target == nil || target.RawQuery == "" {
		return ""
	}
	for pair := range strings.SplitSeq(target.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name = strings.ToLower(unescape(name))
		named := slices.Contains(parameters, name)
		expected := false
		for _, b := range own {
			named = named || slices.Contains(b.profile.query, name)
			expected = expected || b.carriesParameter(name) && unescape(value) == b.placeholder
		}
		if named && !expected {
			return "query parameter " + name
		}
	}
	return ""
}
