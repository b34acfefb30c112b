package policy

import (
	"strings"
	"testing"
	"time"
)

func TestGlobMatch(t *testing.T) {
	for _, row := range []struct {
		kind    globKind
		pattern string
		text    string
		want    bool
	}{
		// A literal is itself and nothing around it.
		{globPath, "/a", "/a", true},
		{globPath, "/a", "/a/", false},
		{globPath, "/a", "/ab", false},
		{globPath, "/", "/", true},
		// `*` stays in its segment and may be empty beside other text.
		{globPath, "/a/x*", "/a/x", true},
		{globPath, "/a/x*", "/a/xyz", true},
		{globPath, "/a/x*", "/a/x/z", false},
		{globPath, "/a.git/info/refs*", "/a.git/info/refs", true},
		// As a whole segment it needs a character.
		{globPath, "/a/*", "/a/", false},
		{globPath, "/a/*", "/a/b", true},
		{globPath, "/a/*", "/a/b/", false},
		{globPath, "/*/c", "//c", false},
		{globPath, "/a/*/c", "/a/b/c", true},
		// `**` at the end is everything below, not the thing itself.
		{globPath, "/a/**", "/a", false},
		{globPath, "/a/**", "/a/", true},
		{globPath, "/a/**", "/a/b/c", true},
		{globPath, "/a/**", "/ab", false},
		{globPath, "/**", "/", true},
		{globPath, "**", "/a/b", true},
		// In the middle it is any number of segments, none among them.
		{globPath, "/a/**/b", "/a/b", true},
		{globPath, "/a/**/b", "/a/x/b", true},
		{globPath, "/a/**/b", "/a/x/y/b", true},
		{globPath, "/a/**/b", "/ab", false},
		{globPath, "/a/**/b", "/a/xb", false},
		{globPath, "/a/**/**/b", "/a/b", true},
		{globPath, "/**/b", "/b", true},
		{globPath, "**/b", "/a/b", true},
		{globPath, "/a/**/*x/c", "/a/x/c", true},
		{globPath, "/a/**/*/b", "/a/b", false},
		{globPath, "/**/a/**/a/**/a", "/a/a/a", true},
		{globPath, "/**/a/**/a/**/a", "/a/x/a", false},
		// `?` and classes are one character, never the separator.
		{globPath, "/a?", "/ab", true},
		{globPath, "/a?b", "/a/b", false},
		{globPath, "/[a-c]", "/b", true},
		{globPath, "/[a-c]", "/d", false},
		{globPath, "/[!a-c]", "/d", true},
		{globPath, "/x[!a]y", "/x/y", false},
		{globPath, "/[*]", "/*", true},
		{globPath, "/[*]", "/x", false},
		{globPath, "/[a-]", "/-", true},
		// Binaries.
		{globBinary, "/sandbox/.uv/python/**/python*", "/sandbox/.uv/python/python3", true},
		{globBinary, "/sandbox/.uv/python/**/python*", "/sandbox/.uv/python/3.12/bin/python3", true},
		{globBinary, "/usr/bin/g?t", "/usr/bin/gét", true},
		{globBinary, "/usr/bin/g[!a]t", "/usr/bin/gét", true},
		{globBinary, "/usr/bin/g?t", "/usr/bin/géét", false},
		{globBinary, "/b/x]", "/b/x]", true},
		{globBinary, "/b/[]]", "/b/]", true},
		{globBinary, "/b/[!]]", "/b/]", false},
		// Hosts.
		{globHost, "*.x.com", "a.x.com", true},
		{globHost, "*.x.com", "x.com", false},
		{globHost, "*.x.com", "a.b.x.com", false},
		{globHost, "*.x.com", "ax.com", false},
		{globHost, "**.x.com", "a.x.com", true},
		{globHost, "**.x.com", "a.b.x.com", true},
		{globHost, "**.x.com", "x.com", false},
		{globHost, "**.x.com", "evilx.com", false},
		{globHost, "api-*.x.com", "api-.x.com", true},
		{globHost, "api-*.x.com", "api-1.x.com", true},
		{globHost, "api-*.x.com", "api-1.evil.x.com", false},
		// Values: a star crosses everything.
		{globValue, "a*z", "a./z", true},
		{globValue, "a**z", "az", true},
		{globValue, "*", "", true},
		{globValue, "", "", true},
		{globValue, "", "x", false},
		{globValue, "?", "/", true},
		{globValue, "?*", "", false},
	} {
		g, err := compileGlob(row.kind, row.pattern, false)
		if err != nil {
			t.Errorf("compileGlob(%q): %v", row.pattern, err)
			continue
		}
		if got := g.match(row.text); got != row.want {
			t.Errorf("%q matches %q: got %v, want %v", row.pattern, row.text, got, row.want)
		}
	}
}

func TestValidGlobRefuses(t *testing.T) {
	for _, row := range []struct {
		kind    globKind
		pattern string
	}{
		{globPath, "a"},
		{globPath, ""},
		{globPath, "/a**"},
		{globPath, "/{a,b}"},
		{globPath, `/a\*`},
		{globPath, "/a b"},
		{globPath, "/ä"},
		{globPath, "/a#b"},
		{globPath, "/a/../b"},
		{globPath, "/a/./b"},
		{globPath, "/%41"},
		{globPath, "/%2f"},
		{globPath, "/%zz"},
		{globPath, "/100%"},
		{globPath, "/[a"},
		{globPath, "/[]"},
		{globPath, "/a]"},
		{globPath, "/[/]"},
		{globPath, "/[z-a]"},
		{globPath, "/" + strings.Repeat("a", maxGlob)},
		{globBinary, "git"},
		{globBinary, "**/git"},
		{globBinary, "/usr//bin"},
		{globBinary, "/usr/bin/"},
		{globBinary, "/b/[é]"},
		{globHost, "*"},
		{globHost, "**"},
		{globHost, "*.com"},
		{globHost, "a*.com"},
		{globHost, "a.*.com"},
		{globHost, "a**.x.com"},
		{globHost, "A.com"},
		{globValue, "a\x00"},
		{globValue, "[]"},
	} {
		if err := validGlob(row.kind, row.pattern); err == nil {
			t.Errorf("validGlob(%d, %q): got nil, want an error", row.kind, row.pattern)
		}
	}
}

// No text makes a glob slow: backtracking would not end in this test's life.
func TestGlobIsLinear(t *testing.T) {
	pattern := "/" + strings.Repeat("*a", 100) + "/**/" + strings.Repeat("*b", 100)
	g, err := compileGlob(globPath, pattern, false)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if g.match("/" + strings.Repeat("a", maxGlob-2)) {
		t.Error("got a match")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("one match took %s", took)
	}
}

// FuzzGlob compares the matcher with a slow one that reads the pattern anew.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"/a/**/b*", "/a/x/bc"},
		{"/**/a/**/a", "/a/a"},
		{"/*/[!a-c]?", "/x/yz"},
		{"/**", "/"},
		{"**/x", "/x"},
		{"/a/**/**/b", "/a/b"},
		{"/a*b*c", "/abbc"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		for _, kind := range []globKind{globPath, globBinary, globHost, globValue} {
			compareGlob(t, kind, pattern, text)
			compareGlob(t, kind, "/"+pattern, "/"+text)
		}
	})
}

func compareGlob(t *testing.T, kind globKind, pattern, text string) {
	t.Helper()
	g, err := compileGlob(kind, pattern, false)
	if err != nil || !isASCII(text) || len(pattern) > 200 || len(text) > 200 {
		return
	}
	if got, want := g.match(text), slowMatch(kind, pattern, text); got != want {
		t.Errorf("kind %d: %q matches %q: got %v, want %v", kind, pattern, text, got, want)
	}
	folded, err := compileGlob(kind, pattern, true)
	if err != nil {
		t.Fatalf("folded %q: %v", pattern, err)
	}
	if g.match(text) && !folded.match(strings.ToLower(text)) {
		t.Errorf("kind %d: folded %q does not match %q", kind, pattern, text)
	}
}
