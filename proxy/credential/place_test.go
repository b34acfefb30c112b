package credential_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"exeat/proxy/credential"
)

// A secret goes to the port and below the path it was bound to, and a path that another reader could
// take for one outside is outside.
func TestPlaces(t *testing.T) {
	in, err := credential.NewInjector(attach(t, "api", "generic", genericSecret, credential.Options{
		Variable: "API_KEY", Hosts: []string{"api.example.com:8443/v1", "other.example.com"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		to, path string
		sent     bool
		outside  bool
	}{
		{"api.example.com:8443", "/v1", true, false},
		{"api.example.com:8443", "/v1/", true, false},
		{"api.example.com:8443", "/v1/keys", true, false},
		{"api.example.com:8443", "/v1/a;b=c", true, false},
		{"api.example.com:8443", "/", false, true},
		{"api.example.com:8443", "/v10", false, true},
		{"api.example.com:8443", "/V1", false, true},
		{"api.example.com:8443", "/v1/../admin", false, true},
		{"api.example.com:8443", "/v1/%2e%2e/admin", false, true},
		{"api.example.com:8443", "/v1/..%2fadmin", false, true},
		{"api.example.com:8443", `/v1/..\admin`, false, true},
		{"api.example.com:8443", "/v1/..;/admin", false, true},
		{"api.example.com", "/v1", false, true},
		{"api.example.com:443", "/v1", false, true},
		{"other.example.com", "/anything", true, false},
		{"other.example.com:443", "/", true, false},
		{"other.example.com:8443", "/", false, true},
		{"[::1]:443", "/", false, false},
		{"api.example.com:x", "/v1", false, false},
	}
	for _, row := range rows {
		decoded, err := url.PathUnescape(row.path)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{"X-Key": {in.Env()["API_KEY"]}}
		_, err = in.Apply(row.to, true, h, &url.URL{Path: decoded, RawPath: row.path})
		var misuse *credential.Misuse
		if sent := err == nil && h.Get("X-Key") == genericSecret; sent != row.sent {
			t.Errorf("%s%s: sent %v (%v), want %v", row.to, row.path, sent, err, row.sent)
		}
		if errors.As(err, &misuse) && misuse.Outside != row.outside {
			t.Errorf("%s%s: got %v, want outside %v", row.to, row.path, err, row.outside)
		}
	}
}

func TestApplyQuery(t *testing.T) {
	in, err := credential.NewInjector(
		attach(t, "g", "google", "AIza+REAL&REAL", credential.Options{}),
		attach(t, "h", "github", githubSecret, credential.Options{}),
	)
	if err != nil {
		t.Fatal(err)
	}
	g, h := in.Env()["GEMINI_API_KEY"], in.Env()["GITHUB_TOKEN"]
	const google, github = "generativelanguage.googleapis.com", "api.github.com"
	rows := []struct{ host, query, want string }{
		{google, "a=%20&key=" + g + "&key", "a=%20&key=AIza%2BREAL%26REAL&key"},
		{google, "%6bey=%41" + g[1:], "%6bey=AIza%2BREAL%26REAL"},
		{google, "other=" + g, "other=" + g},
		{google, "key=x" + g, "key=x" + g},
		{github, "key=" + h, "key=" + h}, // the type has no such parameter
	}
	for _, row := range rows {
		u := &url.URL{Path: "/", RawQuery: row.query}
		if _, err := in.Apply(row.host, true, nil, u); err != nil || u.RawQuery != row.want {
			t.Errorf("%s: got %s, %v, want %s", row.query, u.RawQuery, err, row.want)
		}
	}
	u := &url.URL{Path: "/", RawQuery: "key=" + g}
	if _, err := in.Apply(github, true, nil, u); err == nil || u.RawQuery != "key="+g {
		t.Errorf("to another provider's host: got %s, %v", u.RawQuery, err)
	}
}

func TestForeignParameter(t *testing.T) {
	in, err := credential.NewInjector(attach(t, "g", "google", "AIzaREALREAL", credential.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	const host = "generativelanguage.googleapis.com"
	rows := []struct {
		to, query string
		foreign   bool
	}{
		{host, "key=" + in.Env()["GEMINI_API_KEY"], false},
		{host, "key=AIzaATTACKER", true},
		{host, "KEY=AIzaATTACKER", true},
		{host, "%6bey=AIzaATTACKER", true},
		{host, "$key=AIzaATTACKER", true},
		{host, "%24key=AIzaATTACKER", true},
		{host, "%24key=" + in.Env()["GEMINI_API_KEY"], false},
		{host + ":8443", "key=AIzaATTACKER", true},
		{host, "access_token=ya29.attacker", true},
		{host, "alt=sse", false},
		{host, "alt=sse;key=AIzaATTACKER", true},
		{host, "+key=AIzaATTACKER", true},
		{host, "key[]=AIzaATTACKER", true},
		{host, "key%00x=AIzaATTACKER", true},
		{host, "access.token=ya29.attacker", true},
		{host, "+key=" + in.Env()["GEMINI_API_KEY"], true},
		{"example.org", "key=AIzaATTACKER", false},
	}
	for _, row := range rows {
		err := in.Foreign(row.to, nil, &url.URL{Path: "/", RawQuery: row.query})
		if got := err != nil; got != row.foreign {
			t.Errorf("%s?%s: got %v, want foreign %v", row.to, row.query, err, row.foreign)
		}
	}
}
