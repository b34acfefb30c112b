package credential

import (
	"net/http"
	"slices"
)

// carriers are the headers in which services expect credentials.
var carriers = []string{
	"Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "Api-Key", "Private-Token", "X-Goog-Api-Key",
	"X-Github-Token", "X-Access-Token",
}

// Foreign refuses, towards the hosts of the attached providers, every credential that is not the
// provider's placeholder. It returns a *Foreign, or nil. Ask before Apply.
func (in *Injector) Foreign(host string, h http.Header) error {
	if in == nil || !slices.Contains(in.Hosts(), canonicalHost(host)) {
		return nil
	}
	for _, key := range carriers {
		for _, v := range h.Values(key) {
			if !in.expected(canonicalHost(host), key, v) {
				return &Foreign{Host: canonicalHost(host), Place: "header " + key}
			}
		}
	}
	return nil
}

func (in *Injector) expected(host, key, value string) bool {
	return slices.ContainsFunc(in.bindings, func(b binding) bool {
		if !b.owns(host) || !b.carries(key) {
			return false
		}
		_, ok := b.credential(value)
		return ok
	})
}
