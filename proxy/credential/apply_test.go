package credential_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/proxy/credential"
)

const (
	githubSecret    = "ghp_REALREALREALREALREALREALREALREALREAL"
	anthropicSecret = "sk-ant-api03-REALREALREAL"
	genericSecret   = "REAL-generic-value"
)

// injector has one provider of each type.
func injector(t testing.TB) *credential.Injector {
	t.Helper()
	in, err := credential.NewInjector(
		attach(t, "my-github", "github", githubSecret, credential.Options{}),
		attach(t, "my-claude", "anthropic", anthropicSecret, credential.Options{}),
		attach(t, "my-api", "generic", genericSecret, credential.Options{Variable: "API_KEY", Hosts: []string{"api.example.com"}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func attach(t testing.TB, name, typ, secret string, o credential.Options) credential.Attachment {
	t.Helper()
	p, err := credential.NewProvider(name, typ, o)
	if err != nil {
		t.Fatal(err)
	}
	v, err := credential.NewValue(secret)
	if err != nil {
		t.Fatal(err)
	}
	return credential.Attachment{Provider: p, Secret: v}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// In the tables below P is the placeholder and S the secret.
func TestApplyExchanges(t *testing.T) {
	in := injector(t)
	rows := []struct {
		host, variable, secret string
		header, value, want    string
		used                   []string
	}{
		{"api.github.com", "GITHUB_TOKEN", githubSecret, "Authorization", "token P", "token S", []string{"my-github"}},
		{"api.github.com", "GH_TOKEN", githubSecret, "Authorization", "Bearer P", "Bearer S", []string{"my-github"}},
		{"API.GitHub.com.", "GH_TOKEN", githubSecret, "Authorization", "bearer  P", "bearer S", []string{"my-github"}},
		{"github.com", "GITHUB_TOKEN", githubSecret, "Authorization", "P", "S", []string{"my-github"}},
		{"api.anthropic.com", "ANTHROPIC_API_KEY", anthropicSecret, "X-Api-Key", "P", "S", []string{"my-claude"}},
		{"api.anthropic.com", "ANTHROPIC_API_KEY", anthropicSecret, "Authorization", "Bearer P", "Bearer S", []string{"my-claude"}},
		{"api.example.com", "API_KEY", genericSecret, "X-Anything", "P", "S", []string{"my-api"}},
		// Not where a server expects a credential, so it stays worthless.
		{"api.github.com", "GITHUB_TOKEN", githubSecret, "X-Request-Id", "P", "P", nil},
		{"api.github.com", "GITHUB_TOKEN", githubSecret, "Authorization", "Bearer xP", "Bearer xP", nil},
		{"api.github.com", "GITHUB_TOKEN", githubSecret, "Authorization", "Bearer other", "Bearer other", nil},
		{"api.example.com", "API_KEY", genericSecret, "Cookie", "a=P", "a=P", nil},
		{"api.example.com", "API_KEY", genericSecret, "Content-Encoding", "P", "P", nil},
		{"api.example.com", "API_KEY", genericSecret, "Mcp-Name", "P", "P", nil},
		{"evil.example", "API_KEY", genericSecret, "Authorization", "Bearer other", "Bearer other", nil},
	}
	for _, row := range rows {
		placeholder := in.Env()[row.variable]
		h := http.Header{}
		h.Set(row.header, strings.ReplaceAll(row.value, "P", placeholder))
		used, err := in.Apply(row.host, true, h, &url.URL{Path: "/"})
		if err != nil {
			t.Errorf("%s %s: %v", row.host, row.value, err)
			continue
		}
		want := strings.NewReplacer("P", placeholder, "S", row.secret).Replace(row.want)
		if got := h.Get(row.header); got != want || !cmp.Equal(used, row.used) {
			t.Errorf("%s %s %s: got %q by %v, want %q by %v", row.host, row.header, row.value, got, used, want, row.used)
		}
	}
}

func TestApplyBasic(t *testing.T) {
	in := injector(t)
	p := in.Env()["GITHUB_TOKEN"]
	rows := []struct{ value, want string }{
		{basic("x-access-token", p), basic("x-access-token", githubSecret)},
		{basic(p, ""), basic(githubSecret, "")},
		{basic(p, "x-oauth-basic"), basic(githubSecret, "x-oauth-basic")},
		{strings.Replace(basic("a", p), "Basic", "bAsIc ", 1), basic("a", githubSecret)},
		{strings.TrimRight(basic("ab", p), "="), basic("ab", githubSecret)},
		{basic("a", "b"), basic("a", "b")},
		{basic("a", p+"x"), basic("a", p+"x")},
		{basic("someone@example.org", p), basic("someone@example.org", githubSecret)},
		{basic("ghp_attackersownkey", p), basic("ghp_attackersownkey", p)},
		{basic("sk-hynix", p), basic("sk-hynix", githubSecret)},
		{basic("cioran", p), basic("cioran", githubSecret)},
		{basic("00000000-0000-0000-0000-000000000000", p), basic("00000000-0000-0000-0000-000000000000", githubSecret)},
		{basic("a-very-long-service-account-name-x", p), basic("a-very-long-service-account-name-x", githubSecret)},
		{basic(strings.Repeat("0f", 20), p), basic(strings.Repeat("0f", 20), p)},
		{basic(p, "sk-attackersownkey"), basic(p, "sk-attackersownkey")},
		{"Basic !", "Basic !"},
	}
	for _, row := range rows {
		h := http.Header{"Authorization": {row.value}}
		if _, err := in.Apply("github.com", true, h, nil); err != nil {
			t.Errorf("%s: %v", row.value, err)
		}
		if got := h.Get("Authorization"); got != row.want {
			t.Errorf("%s: got %s, want %s", row.value, got, row.want)
		}
	}
}

func TestMisuse(t *testing.T) {
	in := injector(t)
	p := in.Env()["GITHUB_TOKEN"]
	escaped := "%" + "67" + p[1:] // the first letter, percent-encoded
	rows := []struct {
		name, host string
		verified   bool
		header     http.Header
		target     string
		place      string
	}{
		{"bearer", "evil.example", true, http.Header{"Authorization": {"Bearer " + p}}, "/", "header Authorization"},
		{"basic", "evil.example", true, http.Header{"Authorization": {basic("x", p)}}, "/", "header Authorization"},
		{"proxy credentials", "evil.example", true, http.Header{"Proxy-Authorization": {basic(p, "")}}, "/", "header Proxy-Authorization"},
		{"inside a cookie", "evil.example", true, http.Header{"Cookie": {"a=b; t=" + p}}, "/", "header Cookie"},
		{"name of a header", "evil.example", true, http.Header{http.CanonicalHeaderKey(p): {"1"}}, "/", "the name of a header"},
		{"query", "evil.example", true, nil, "/?t=" + p, "the target"},
		{"escaped query", "evil.example", true, nil, "/?t=" + escaped, "the target"},
		{"path", "evil.example", true, nil, "/" + p, "the target"},
		{"escaped path", "evil.example", true, nil, "/" + escaped, "the target"},
		{"user information", "evil.example", true, nil, "https://" + p + "@evil.example/", "the target"},
		{"host", "evil.example", true, nil, "https://" + strings.ToLower(p) + ".evil.example/", "the target"},
		{"other provider's host", "api.anthropic.com", true, http.Header{"Authorization": {"Bearer " + p}}, "/", "header Authorization"},
		{"look-alike", "github.com.evil.example", true, http.Header{"Authorization": {"Bearer " + p}}, "/", "header Authorization"},
		{"subdomain", "x.github.com", true, http.Header{"Authorization": {"Bearer " + p}}, "/", "header Authorization"},
		{"not verified", "github.com", false, http.Header{"Authorization": {"Bearer " + p}}, "/", "header Authorization"},
	}
	for _, row := range rows {
		u, err := url.Parse(row.target)
		if err != nil {
			t.Fatal(err)
		}
		before := row.header.Clone()
		_, err = in.Apply(row.host, row.verified, row.header, u)
		var misuse *credential.Misuse
		if !errors.As(err, &misuse) {
			t.Errorf("%s: got %v, want misuse", row.name, err)
			continue
		}
		want := credential.Misuse{Provider: "my-github", Host: row.host, Place: row.place, Unverified: !row.verified}
		if diff := cmp.Diff(*misuse, want); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
		if strings.Contains(err.Error(), p) || strings.Contains(err.Error(), githubSecret) {
			t.Errorf("%s: the error shows the value: %v", row.name, err)
		}
		if !cmp.Equal(row.header, before) {
			t.Errorf("%s: a refused request was changed", row.name)
		}
	}
}

func TestNilInjector(t *testing.T) {
	var in *credential.Injector
	if used, err := in.Apply("github.com", true, http.Header{}, nil); used != nil || err != nil {
		t.Errorf("got %v, %v", used, err)
	}
	if len(in.Env())+len(in.GitConfig())+len(in.Hosts()) != 0 || in.Foreign("github.com", nil, nil) != nil {
		t.Error("a nil injector has providers")
	}
}

func TestForeign(t *testing.T) {
	in := injector(t)
	p := in.Env()["GITHUB_TOKEN"]
	rows := []struct {
		name, host, header, value string
		foreign                   bool
	}{
		{"no credential", "github.com", "Accept", "*/*", false},
		{"the provider's", "github.com", "Authorization", "token " + p, false},
		{"the provider's in Basic", "github.com", "Authorization", basic("x-access-token", p), false},
		{"another token", "github.com", "Authorization", "token ghp_attacker", true},
		{"another token in Basic", "github.com", "Authorization", basic("x", "ghp_attacker"), true},
		{"another key", "api.anthropic.com", "X-Api-Key", "sk-ant-attacker", true},
		{"cookie", "github.com", "Cookie", "user_session=attacker", true},
		{"cookie of a front", "github.com", "Cookie", "__cf_bm=1; cf_clearance=2", false},
		{"cookie beside one of a front", "github.com", "Cookie", "__cf_bm=1; user_session=attacker", true},
		{"cookie behind a comma", "github.com", "Cookie", "__cf_bm=1, user_session=attacker", true},
		{"cookie behind a space", "github.com", "Cookie", "__cf_bm=1 user_session=attacker", true},
		{"a key beside the provider's", "github.com", "Authorization", basic("ghp_attackersownkey", p), true},
		{"another key as CGI reads it", "api.anthropic.com", "X_api-Key", "sk-ant-attacker", true},
		{"the provider's as CGI reads it", "github.com", "Authorization_", "token " + p, false},
		{"key among protocols", "github.com", "Sec-Websocket-Protocol", "realtime, openai-insecure-api-key.sk-attacker", true},
		{"token among protocols", "github.com", "Sec-Websocket-Protocol", "base64url.bearer.authorization.k8s.io.ZXZpbA", true},
		{"protocols", "github.com", "Sec-Websocket-Protocol", "graphql-transport-ws", false},
		{"another provider's", "github.com", "Authorization", "token " + in.Env()["API_KEY"], true},
		{"where the type has none", "github.com", "X-Api-Key", p, true},
		{"host without a provider", "example.org", "Authorization", "token ghp_attacker", false},
	}
	for _, row := range rows {
		err := in.Foreign(row.host, http.Header{row.header: {row.value}}, &url.URL{Path: "/"})
		if got := err != nil; got != row.foreign {
			t.Errorf("%s: got %v, want foreign %v", row.name, err, row.foreign)
		}
		if own := row.name == "where the type has none"; err != nil && strings.Contains(err.Error(), "the provider's placeholder") != own {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// Wherever a request puts the placeholders, no secret goes to a host that is not its provider's, or
// over a connection that is not verified; and what carries a placeholder there is refused.
func FuzzApply(f *testing.F) {
	f.Add("evil.example", true, "Authorization", "Bearer P1", "/a?b=P2")
	f.Add("github.com", true, "authorization", "basic P1:P2", "/P3")
	f.Add("api.anthropic.com", false, "X-API-KEY", "P2", "/")
	f.Add("api.example.com", true, "P3", "P3", "//u:P1@h/?%50")
	f.Add("api.example.com:443/x", true, "X", "P3", "/?a=P3&%50=P3")
	f.Add("api.example.com:8443", true, "X", "Y", "/?a=P3")
	in := injector(f)
	env := in.Env()
	owner := map[string][]string{
		githubSecret: {"github.com", "api.github.com", "uploads.github.com", "gist.github.com", "raw.githubusercontent.com"}, anthropicSecret: {"api.anthropic.com"}, genericSecret: {"api.example.com"},
	}
	fill := strings.NewReplacer("P1", env["GITHUB_TOKEN"], "P2", env["ANTHROPIC_API_KEY"], "P3", env["API_KEY"]).Replace
	f.Fuzz(func(t *testing.T, host string, verified bool, key, value, target string) {
		value = fill(value)
		if scheme, rest, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "basic") {
			value = scheme + " " + base64.StdEncoding.EncodeToString([]byte(rest))
		}
		u, err := url.Parse(fill(target))
		if err != nil {
			u = &url.URL{Path: fill(target)}
		}
		h := http.Header{fill(key): {value, "plain"}}
		_, err = in.Apply(host, verified, h, u)
		for secret, hosts := range owner {
			mine := verified && contains(hosts, hostOf(host))
			if !mine && (shows(h, secret) || strings.Contains(u.String(), secret)) {
				t.Errorf("%s (verified %v) gets %v, %s", host, verified, h, u)
			}
		}
		for _, p := range env {
			if err == nil && !contains(in.Hosts(), hostOf(host)) && shows(h, p) {
				t.Errorf("%s gets a placeholder: %v", host, h)
			}
		}
	})
}

// hostOf is the host of a destination on port 443; on another one nobody owns it.
func hostOf(to string) string {
	authority, _, _ := strings.Cut(to, "/")
	host, port, given := strings.Cut(authority, ":")
	if n, err := strconv.ParseUint(port, 10, 16); given && (err != nil || n != 443) {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// shows looks for text in headers, also in Basic.
func shows(h http.Header, text string) bool {
	for key, values := range h {
		for _, v := range values {
			_, encoded, _ := strings.Cut(v, " ")
			decoded, _ := base64.StdEncoding.DecodeString(encoded)
			if strings.Contains(key, text) || strings.Contains(v, text) || strings.Contains(string(decoded), text) {
				return true
			}
		}
	}
	return false
}
