package credential_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"exeat/proxy/credential"
)

// P is the placeholder, S the secret, E the placeholder with its first letter escaped for JSON, Q
// percent-encoded.
func TestBody(t *testing.T) {
	const secret = `a"b\c/d&e`
	in, err := credential.NewInjector(
		attach(t, "api", "generic", secret, credential.Options{Variable: "API_KEY", Hosts: []string{"api.example.com/v1"}}),
		attach(t, "my-github", "github", githubSecret, credential.Options{}),
	)
	if err != nil {
		t.Fatal(err)
	}
	p := in.Env()["API_KEY"]
	fill := strings.NewReplacer("P", p, "E", `\u0065`+p[1:], "Q", "%65"+p[1:], "G", in.Env()["GITHUB_TOKEN"]).Replace
	const json, form, text = "application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain"
	const own = "api.example.com/v1/login"
	rows := []struct{ to, kind, body, want, err string }{
		{own, json, `{"k": "P", "n": 1.0e+2 , "x":[ "P" ,"a P b"]}`, `{"k": "S", "n": 1.0e+2 , "x":[ "S" ,"a S b"]}`, ""},
		{own, json, `{"k":"E"}`, `{"k":"S"}`, ""},
		{own, json, `{"P" : "v", "\"": "P"}`, `{"P" : "v", "\"": "S"}`, ""},
		{own, json, `"P"`, `"S"`, ""},
		{own, "application/vnd.api+json", `{"k":"P"}`, `{"k":"S"}`, ""},
		{own, json, `{"k":"other", "h":"<\u003c"}`, `{"k":"other", "h":"<\u003c"}`, ""},
		{own, json, `{"k":"P"`, "", "the body carries a credential and is not valid JSON, as its Content-Type says, so none can be put in"},
		{own, json, `{"k":`, `{"k":`, ""},
		{own, form, "a=b&k=P&P=c&z=%zz", "a=b&k=T&P=c&z=%zz", ""},
		{own, form, "k=Q&k2=a+P", "k=T&k2=a+T", ""},
		{own, text, "one P\ntwo P", "one R\ntwo R", ""},
		{own, "image/png", "P", "", `the body carries a credential, and none is put into a body of type "image/png"`},
		{own, "", "P", "", `the body carries a credential, and none is put into a body of type ""`},
		{own, "image/png", "other", "other", ""},
		{"api.example.com/v2", json, `{"k":"P"}`, "", `the credential of provider "api" stands in the body of a request to api.example.com, on a port or a path it is not for`},
		{"api.example.com", json, `{"k":"P"}`, "", `the credential of provider "api" stands in the body of a request to api.example.com, on a port or a path it is not for`},
		{"evil.example", json, `{"k":"E"}`, "", `the credential of provider "api" stands in the body of a request to evil.example, which is not one of its hosts`},
		{own, json, `{"k":"P","g":"G"}`, "", `the credential of provider "my-github" stands in the body of a request to api.example.com, which is not one of its hosts`},
	}
	for _, row := range rows {
		want := strings.NewReplacer("P", p, "S", `a\"b\\c/d&e`, "T", "a%22b%5Cc%2Fd%26e", "R", secret).Replace(row.want)
		out, used, err := in.Body(row.to, true, row.kind, []byte(fill(row.body)))
		switch {
		case row.err != "":
			if err == nil || err.Error() != row.err || out != nil {
				t.Errorf("%s to %s: got %s, %v, want %s", row.body, row.to, out, err, row.err)
			}
		case err != nil || string(out) != want:
			t.Errorf("%s: got %s, %v, want %s", row.body, out, err, want)
		case slices.Contains(used, "api") != strings.ContainsAny(row.want, "STR"):
			t.Errorf("%s: used %v", row.body, used)
		}
	}
	var misuse *credential.Misuse
	if _, _, err := in.Body(own, false, json, []byte(fill(`"P"`))); !errors.As(err, &misuse) || !misuse.Unverified {
		t.Errorf("without TLS: got %v", err)
	}
}

// A few placeholders must not become a body of any length.
func TestBodyIsBounded(t *testing.T) {
	in, err := credential.NewInjector(attach(t, "api", "generic", strings.Repeat("s", 8<<10), credential.Options{Variable: "API_KEY", Hosts: []string{"api.example.com"}}))
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{100: "", 129: "the body asks for a credential so often that it would grow by more than 1048576 bytes"} {
		for kind, body := range map[string]string{
			"text/plain": strings.Repeat(in.Env()["API_KEY"], n), "application/json": "[" + strings.TrimSuffix(strings.Repeat(`"`+in.Env()["API_KEY"]+`",`, n), ",") + "]",
		} {
			_, _, err := in.Body("api.example.com", true, kind, []byte(body))
			if got := fmt.Sprint(err); err != nil && got != want || err == nil && want != "" {
				t.Errorf("%d times in %s: got %v", n, kind, err)
			}
		}
	}
}

func TestCarries(t *testing.T) {
	in := injector(t)
	p := in.Env()["API_KEY"]
	every := func(f func(byte) string) string {
		out := ""
		for _, c := range []byte(p) {
			out += f(c)
		}
		return out
	}
	const hex = "0123456789abcdef"
	rows := []struct {
		name, data string
		want       bool
	}{
		{"nothing", "", false},
		{"as it is", "x" + p + "y", true},
		{"all but its last character", p[:len(p)-1], false},
		{"in other letters", strings.ToUpper(p), false},
		{"percent-encoded", "a=" + every(func(c byte) string { return "%" + hex[c>>4:c>>4+1] + hex[c&15:c&15+1] }), true},
		{"with escapes of JSON", `{"a":"` + every(func(c byte) string { return `\u00` + hex[c>>4:c>>4+1] + strings.ToUpper(hex[c&15:c&15+1]) }), true},
		{"behind escapes that are none", `%%4\u00\` + p, true},
		{"Basic", basic("", p), true},
		{"Basic, a user of one letter", basic("u", p), true},
		{"Basic, a user of two letters", basic("uu", p), true},
		{"Basic as the user", basic(p, "x"), true},
		{"base64 with the other alphabet", base64.URLEncoding.EncodeToString([]byte("?>" + p)), true},
	}
	for _, row := range rows {
		if got := in.Carries([]byte(row.data)); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
	var none *credential.Injector
	if none.Carries([]byte(p)) {
		t.Error("a nil injector knows a placeholder")
	}
}
