package corporate_test

import (
	"fmt"
	"strings"
	"testing"

	"exeat/proxy/corporate"
)

// Each URL is what the proxy prints as; empty where it is refused.
func TestParse(t *testing.T) {
	for raw, want := range map[string]string{
		"http://proxy.corp:3128":                "http://proxy.corp:3128",
		"http://proxy.corp:3128/":               "http://proxy.corp:3128",
		"https://proxy.corp:443":                "https://proxy.corp:443",
		"HTTP://proxy.corp:3128":                "http://proxy.corp:3128",
		"http://[2001:db8::1]:3128":             "http://[2001:db8::1]:3128",
		"http://ada:s3cret@proxy.corp:3128":     "http://proxy.corp:3128",
		"http://ada@proxy.corp:3128":            "http://proxy.corp:3128",
		"http://ada:s%3Ac%40@proxy.corp:3128":   "http://proxy.corp:3128",
		"http://CORP%5Cada:s3cret@proxy:3128":   "http://proxy:3128",
		"":                                      "",
		"proxy.corp:3128":                       "",
		"http://proxy.corp":                     "", // which port a program takes then differs
		"http://proxy.corp:0":                   "",
		"http://proxy.corp:65536":               "",
		"http://:3128":                          "",
		"socks5://proxy.corp:1080":              "",
		"http://proxy.corp:3128/pac":            "",
		"http://proxy.corp:3128?s3cret":         "",
		"http://proxy.corp:3128?":               "",
		"http://proxy.corp:3128#s3cret":         "",
		"http://a%3Ab:s3cret@proxy.corp:3128":   "", // a user with a colon is two in HTTP
		"http://:s3cret@proxy.corp:3128":        "",
		"http://ada:s3cret%0d%0aX@proxy.c:3128": "",
		"http://ada:s3cret\r\n@proxy.corp:3128": "",
		"http://ada:s3cret%zz@proxy.corp:3128":  "",
		"http://proxy.corp:3128 s3cret":         "",
	} {
		p, err := corporate.Parse(raw)
		if (err == nil) != (want != "") || err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", raw, err)
			continue
		}
		if err == nil && (p.String() != want || p.HasCredentials() != strings.Contains(raw, "@")) {
			t.Errorf("%q: got %s, credentials %t", raw, p, p.HasCredentials())
		}
		if printed := fmt.Sprintf("%v %+v %#v %s", p, p, p, p); err == nil && strings.Contains(printed, "Basic") {
			t.Errorf("%q prints as %s", raw, printed)
		}
	}
}

// No error repeats what was read, and what is accepted is a host and a port.
func FuzzParse(f *testing.F) {
	f.Add("http://ada:s3cret@proxy.corp:3128")
	f.Add("http://[::1%25lo]:1")
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := corporate.Parse(raw)
		if err != nil {
			if len(raw) > 12 && strings.Contains(err.Error(), raw) {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := corporate.Parse(p.String())
		if err != nil || again.HasCredentials() || again.String() != p.String() {
			t.Errorf("%q: %s is %v, %v", raw, p, again, err)
		}
	})
}
