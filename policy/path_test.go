package policy_test

import (
	"strings"
	"testing"

	"exeat/policy"
)

func TestCanonicalPath(t *testing.T) {
	for _, row := range []struct {
		raw, want string
	}{
		{"/", "/"},
		{"/a/b.c/~d", "/a/b.c/~d"},
		// Unreserved escapes say nothing; the others have one spelling.
		{"/%61dmin", "/admin"},
		{"/%7euser/%2Dx", "/~user/-x"},
		{"/a%3ab", "/a%3Ab"},
		{"/caf%c3%a9", "/caf%C3%A9"},
		{"/a%20b", "/a%20b"},
		{"/100%25", "/100%25"},
		// What may not stand in a path unescaped is escaped.
		{`/a"<>[]^|{}` + "`", "/a%22%3C%3E%5B%5D%5E%7C%7B%7D%60"},
		// Dot segments are resolved, escaped ones too.
		{"/a/./b", "/a/b"},
		{"/a/../b", "/b"},
		{"/a/%2e%2E/b", "/b"},
		{"/a/b/..", "/a/"},
		{"/a/b/.", "/a/b/"},
		{"/a/.b/..c/d.", "/a/.b/..c/d."},
		{"/a//../b", "/a/b"},
		{"/a/...", "/a/..."},
		{"/a/x..%3f", "/a/x..%3F"},
		// Empty segments and parameters stay.
		{"//a///b/", "//a///b/"},
		{"/a;x=1/b;y", "/a;x=1/b;y"},
	} {
		got, err := policy.CanonicalPath(row.raw, false)
		if err != nil || got != row.want {
			t.Errorf("CanonicalPath(%q): got %q, %v, want %q", row.raw, got, err, row.want)
		}
	}
	if got, err := policy.CanonicalPath("/a%2fb/x", true); err != nil || got != "/a%2Fb/x" {
		t.Errorf("an allowed encoded slash: got %q, %v", got, err)
	}
}

func TestCanonicalPathRefuses(t *testing.T) {
	for _, row := range []struct {
		raw, want string
	}{
		{"", "slash"},
		{"*", "slash"},
		{"a/b", "slash"},
		{"/a\x00", "control"},
		{"/a\x7f", "control"},
		{"/a b", "space"},
		{"/\u00e9", "ASCII"},
		{"/a#b", "#"},
		{"/a?b", "?"},
		{`/a\b`, `\`},
		{"/a%5cb", `\`},
		{"/a%00b", "control"},
		{"/a%0ab", "control"},
		{"/a%2fb", "slash"},
		{"/a%", "escape"},
		{"/a%4", "escape"},
		{"/a%zz", "escape"},
		{"/..", "above"},
		{"/a/../../b", "above"},
		{"/a/..;/b", "hides"},
		{"/a/..;x=1/b", "hides"},
		{"/a/.;/b", "hides"},
		{"/a/..%3B/b", "hides"},
		{"/a/..%3F", "hides"},
		{"/a/..%23b", "hides"},
		{"/a/.%253fb/c", "hides"},
		{"/a/%252e%252e/b", "hides"},
		{"/a/%25252E./b", "hides"},
		{"/a%252f..%255Cb", "hides"},
		{"/" + strings.Repeat("a", 4096), "4096"},
		{"/" + strings.Repeat("<", 4000), "4096"},
	} {
		got, err := policy.CanonicalPath(row.raw, false)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("CanonicalPath(%.40q): got %.40q, %v, want an error with %q", row.raw, got, err, row.want)
		}
	}
	for _, raw := range []string{"/a%2f..%2fb", "/..%2Fb", "/a/%2e%2e%2f", "/a%2F.", "/x%2F..;y%2Fz"} {
		if got, err := policy.CanonicalPath(raw, true); err == nil {
			t.Errorf("CanonicalPath(%q, true): got %q, want an error", raw, got)
		}
	}
}

// FuzzCanonicalPath: what comes out is canonical, and no server can find a dot
// segment in it.
func FuzzCanonicalPath(f *testing.F) {
	for _, seed := range []string{"/a/%2e%2e/b", "/a%2f..%2fb", "//..//.", "/a/..;x/b", "/%25%32%65"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, raw string, slash bool) {
		path, err := policy.CanonicalPath(raw, slash)
		if err != nil {
			return
		}
		if again, err := policy.CanonicalPath(path, slash); err != nil || again != path {
			t.Errorf("%q gives %q, which gives %q, %v", raw, path, again, err)
		}
		checkSegments(t, raw, path)
		if !slash && strings.Contains(path, "%2F") {
			t.Errorf("%q gives %q with an encoded slash", raw, path)
		}
	})
}

func checkSegments(t *testing.T, raw, path string) {
	t.Helper()
	if !strings.HasPrefix(path, "/") || len(path) > 4096 {
		t.Errorf("%q gives %q", raw, path)
	}
	for segment := range strings.SplitSeq(strings.ReplaceAll(path, "%2F", "/"), "/") {
		name, _, _ := strings.Cut(segment, ";")
		if name == "." || name == ".." {
			t.Errorf("%q gives %q with a dot segment", raw, path)
		}
	}
}
