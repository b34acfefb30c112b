package observe

import (
	"path"
	"strings"
	"testing"
)

// FuzzUnaliased goes round no further than the root: the result is absolute and
// no path through a process's root any more than it was.
func FuzzUnaliased(f *testing.F) {
	for _, seed := range []string{"/proc/1/root/etc", "/proc/self/root", "/proc/1/rootless", "/proc", "/", "/proc/1/root/proc/1/root/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		name = path.Clean("/" + name)
		got := unaliased(name)
		if !strings.HasPrefix(got, "/") || !strings.HasSuffix(name, strings.TrimSuffix(got, "/")) {
			t.Errorf("%q became %q", name, got)
		}
	})
}

// FuzzScalar keeps a path on one line of YAML.
func FuzzScalar(f *testing.F) {
	for _, seed := range []string{"/a", "/a b", "/a\n- b", "/a: b", "/#", "/\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := scalar(name)
		if strings.ContainsAny(got, "\n\r") || got != name && !strings.HasPrefix(got, `"`) {
			t.Errorf("%q became %s", name, got)
		}
	})
}
