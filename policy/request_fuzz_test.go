package policy_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"exeat/policy"
)

// FuzzDenyHolds: however a request for a denied path is spelled, a server that
// decodes, merges slashes, resolves dots, drops parameters and ignores case, in
// this order, never gets it. No method or query slips past either.
func FuzzDenyHolds(f *testing.F) {
	for _, seed := range []string{
		"/admin", "/a/../admin", "/%61dmin", "//admin//", "/admin;x", "/;x/admin", "/admin%3bx", "/x%2f..%2fadmin", "/ADMIN/", "/%2561dmin",
	} {
		f.Add("GET", seed, "a=b", true)
		f.Add("delete", seed, "_method=GET;x", false)
	}
	engine, problems := policy.Compile(oneEndpoint(policy.Endpoint{
		Host: "x.example", Ports: []int{443}, Protocol: policy.REST, AllowEncodedSlash: true,
		Access: policy.Full, DenyRules: []policy.Match{{Method: "*", Path: "/admin"}, {Method: "DELETE"}},
	}), policy.Options{})
	if engine == nil {
		f.Fatal(problems.Error())
	}
	f.Fuzz(func(t *testing.T, method, raw, query string, slash bool) {
		canonical, err := policy.CanonicalPath(raw, slash)
		if err != nil {
			return
		}
		a := engine.Connect(curlTo("x.example", 443))
		d := a.Request(policy.Request{Method: method, Path: canonical, Query: query})
		if d.Verdict != policy.Allowed {
			return
		}
		if served := mostLenient(t, canonical); served == "/admin" {
			t.Errorf("%s %s (sent as %s) is allowed", method, raw, canonical)
		}
		asked, _ := url.ParseQuery(query)
		if strings.EqualFold(method, "DELETE") || strings.EqualFold(asked.Get("_method"), "DELETE") {
			t.Errorf("%s %s?%s is allowed", method, canonical, query)
		}
	})
}

func mostLenient(t *testing.T, canonical string) string {
	t.Helper()
	decoded, err := url.PathUnescape(canonical)
	if err != nil {
		t.Fatalf("%q: %v", canonical, err)
	}
	segments := strings.Split(decoded, "/")
	for i := range segments {
		segments[i], _, _ = strings.Cut(segments[i], ";")
	}
	return strings.ToLower(path.Clean("/" + strings.Join(segments, "/")))
}
