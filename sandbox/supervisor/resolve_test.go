package supervisor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResolve(t *testing.T) {
	host := t.TempDir()
	mkdirs(t, host+"/usr/bin", host+"/usr/lib/git", host+"/home/bin", host+"/secret")
	for _, file := range []string{"usr/bin/python3.11", "usr/bin/git", "usr/lib/git/remote", "secret/key"} {
		os.WriteFile(filepath.Join(host, file), nil, 0o755)
	}
	for link, target := range map[string]string{
		"usr/bin/python3":  "python3.11",
		"usr/bin/python":   "/usr/bin/python3",
		"usr/bin/remote":   "../lib/git/remote",
		"usr/bin/loop":     "loop",
		"usr/bin/dangling": "/nowhere/x",
		"home/bin/py":      "/bin/python",
		"home/bin/out":     "../../../../../../secret/key",
		"home/bin/abs":     host + "/secret/key",
	} {
		if err := os.Symlink(target, filepath.Join(host, link)); err != nil {
			t.Fatal(err)
		}
	}
	root := viewRoot{
		mounts: map[string]string{"/usr": host + "/usr", "/sandbox": host + "/home"},
		links:  map[string]string{"/bin": "usr/bin"},
	}
	tests := []struct {
		name, want string
		exists     bool
	}{
		{"/usr/bin/git", "/usr/bin/git", true},
		{"/bin/git", "/usr/bin/git", true},
		{"/bin/python", "/usr/bin/python3.11", true},
		{"/sandbox/bin/py", "/usr/bin/python3.11", true},
		{"/usr/bin/remote", "/usr/lib/git/remote", true},
		{"/usr/bin/none", "/usr/bin/none", false},
		{"/usr/bin/dangling", "/nowhere/x", false},
		{"/usr/bin/loop", "", false},
		// However a link is written, it ends inside the view.
		{"/sandbox/bin/out", "/secret/key", false},
		{"/sandbox/bin/abs", host + "/secret/key", false},
		{"/sandbox/../usr/bin/git", "/usr/bin/git", true},
	}
	for _, tt := range tests {
		got, exists := root.resolve(tt.name)
		if got != tt.want || exists != tt.exists {
			t.Errorf("%s: got %q %v, want %q %v", tt.name, got, exists, tt.want, tt.exists)
		}
	}
	if diff := cmp.Diff(root.aliases("/bin/python"), []string{"/usr/bin/python3.11"}); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"/usr/bin/git", "/usr/bin/py*", "/usr/bin/none"} {
		if got := root.aliases(name); got != nil {
			t.Errorf("%s: got aliases %q, want none", name, got)
		}
	}
}

// Whatever an agent writes as a link, resolving it ends, and never at a path with "..".
func FuzzResolve(f *testing.F) {
	f.Add("a", "../b", "/sandbox/a")
	f.Add("b", "/sandbox/b/b", "/sandbox/b")
	f.Fuzz(func(t *testing.T, name, target, asked string) {
		host := t.TempDir()
		if filepath.Base(name) != name || name == "." || name == ".." || os.Symlink(target, filepath.Join(host, name)) != nil {
			return
		}
		root := viewRoot{mounts: map[string]string{"/sandbox": host}, links: map[string]string{}}
		got, exists := root.resolve("/" + asked)
		if got != filepath.Clean(got) && got != "" {
			t.Errorf("got %q, which is not clean", got)
		}
		if exists && !within(got, "/sandbox") {
			t.Errorf("%q exists outside of the only mount", got)
		}
	})
}
