package repo

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOrigin(t *testing.T) {
	for raw, want := range map[string]string{
		"https://github.com/acme/w.git":                 "https://github.com/acme/w.git",
		"https://ada:hunter2@github.com/acme/w":         "https://github.com/acme/w",
		"https://token@github.com:8443/acme/w?a=b#c":    "https://github.com:8443/acme/w",
		"git@github.com:acme/w.git":                     "https://github.com/acme/w.git",
		"github.com:acme/w.git":                         "https://github.com/acme/w.git",
		"git@host.example:/srv/w.git":                   "https://host.example/srv/w.git",
		"ssh://git@github.com:22/acme/w.git":            "https://github.com/acme/w.git",
		"git+ssh://git@github.com/acme/w.git":           "https://github.com/acme/w.git",
		"git://example.com/w":                           "https://example.com/w",
		"http://example.com/w":                          "http://example.com/w",
		"/srv/w.git":                                    "",
		"../w":                                          "",
		"file:///srv/w.git":                             "",
		"ext::sh -c id":                                 "",
		"-oProxyCommand=id:x":                           "",
		"https://":                                      "",
		"":                                              "",
		"https://example.com/a\"\n[core]fsmonitor=evil": "",
		"git@example.com:a\n[core]":                     "https://example.com/a%0A%5Bcore%5D",
	} {
		if got := Origin(raw); got != want {
			t.Errorf("Origin(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestValidBranch(t *testing.T) {
	for _, name := range []string{"main", "feature/x-1", "größe", "a.b", "@x", "heads/main"} {
		if !ValidBranch(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{
		"", "--upload-pack=x", "x/-y", "../x", "a/../b", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", `a\b`,
		"a..b", "a@{1}", "@", "HEAD", "x/head", "a\nb", "a\x1b[2J", "a\u202eb", "a\xff", "a\u00a0b", strings.Repeat("a", 251),
	} {
		if ValidBranch(name) {
			t.Errorf("%q is taken", name)
		}
	}
}

func FuzzValidBranch(f *testing.F) {
	f.Add("main")
	f.Add("a/b.lock")
	f.Fuzz(func(t *testing.T, name string) {
		if !ValidBranch(name) || strings.ContainsRune(name, 0) {
			return
		}
		if err := exec.Command("git", "check-ref-format", "refs/heads/"+name).Run(); err != nil {
			t.Errorf("git refuses %q", name)
		}
	})
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain":          "plain",
		"größe 中文 ∀":     "größe 中文 ∀",
		"\x1b[2J":        `\x1b[2J`,
		"a\tb\r\n":       `a\x09b\x0d\x0a`,
		"\u202eevil":     `\u{202e}evil`,
		"zero\u200bw":    `zero\u{200b}w`,
		"\xff\xc3":       `\xff\xc3`,
		"\u3164\ufe0f":   `\u{3164}\u{fe0f}`,
		"nb\u00a0\u2800": `nb\u{a0}\u{2800}`,
		"\x7f\u0085":     `\x7f\u{85}`,
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestVisibleLine(t *testing.T) {
	for in, want := range map[string]string{
		"\tif a {":      "\tif a {",
		"a\t\x1b[2Jb\t": "a\t\\x1b[2Jb\t",
		`raw \x09 text`: `raw \x09 text`,
		"\u3164\tx":     "\\u{3164}\tx",
	} {
		if got := VisibleLine(in); got != want {
			t.Errorf("VisibleLine(%q) = %q, want %q", in, got, want)
		}
	}
}

// git runs a command for a test, with an identity and no other configuration.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=x", "-c", "user.email=x@x"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// newRepo makes a repository with one commit, at a path with a blank.
func newRepo(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "my repo")
	git(t, "/", "init", "-q", "-b", "main", dir)
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "first")
	return dir
}

func TestFind(t *testing.T) {
	dir := newRepo(t)
	git(t, dir, "remote", "add", "origin", "git@github.com:acme/w.git")
	git(t, dir, "config", "branch.main.remote", "origin")
	git(t, dir, "config", "branch.main.merge", "refs/heads/main")
	git(t, dir, "tag", "v1")
	// Variables of a hook that this runs in must not lead elsewhere.
	s, err := Find(t.Context(), dir, append(os.Environ(), "GIT_DIR=/nonexistent", "GIT_WORK_TREE=/"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Tree != dir || s.Branch != "refs/heads/main" || s.Origin != "https://github.com/acme/w.git" || s.Upstream != "refs/heads/main" || len(s.Refs) != 2 || s.Notes != nil || s.Name() != "my repo" {
		t.Errorf("got %+v", s)
	}
}

// What WriteOwn lays out is a repository to git, and holds nothing of the host's.
func TestWriteOwn(t *testing.T) {
	dir := newRepo(t)
	git(t, dir, "branch", `we"ird`)
	git(t, dir, "checkout", "-q", `we"ird`)
	s, err := Find(t.Context(), dir, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	s.Upstream, s.Origin = "refs/heads/main", "https://example.com/x"
	own := filepath.Join(t.TempDir(), "own")
	if err := s.WriteOwn(own, os.Getuid(), os.Getgid()); err != nil {
		t.Fatal(err)
	}
	if got := git(t, own, "config", `branch.we"ird.merge`); got != "refs/heads/main" {
		t.Errorf("got %q", got)
	}
	if got := git(t, own, "symbolic-ref", "HEAD"); got != `refs/heads/we"ird` {
		t.Errorf("got %q", got)
	}
	hooks, err := os.ReadDir(filepath.Join(own, ".git/hooks"))
	if len(hooks) != 0 || err != nil {
		t.Errorf("hooks: %v, %v", hooks, err)
	}
}

func TestAlternates(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lend := func(name, borrowed string) string {
		dir := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Join(dir, "info"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "info/alternates"), []byte(borrowed), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	lend("a", "# comment\n../b\n\n"+alternate(filepath.Join(base, "q\"uote\nd"))+"\n/nonexistent\n")
	lend("b", "../a\n")
	lend("q\"uote\nd", "")
	got, err := objects(filepath.Join(base, "a"))
	want := []string{base + "/a", base + "/b", base + "/q\"uote\nd"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// A git that wants too much of the machine is stopped.
func TestLimits(t *testing.T) {
	s, err := Find(t.Context(), newRepo(t), os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	refs, dir := filepath.Join(t.TempDir(), "refs"), filepath.Join(t.TempDir(), "scratch")
	if err := s.WriteRefs(refs); err != nil {
		t.Fatal(err)
	}
	scratch, err := Scratch(dir, refs, s.Format, s.Objects)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := scratch.Output(t.Context(), "rev-parse", "refs/heads/main"); err != nil || out != s.Base {
		t.Errorf("got %q, %v", out, err)
	}
	out, err := scratch.Output(t.Context(), "-c", "alias.x=!sleep 0.1; ulimit -d; ulimit -c", "x")
	if err != nil || out != "3145728\n0" {
		t.Errorf("got %q, %v", out, err)
	}
	var failed *Failure
	if _, err := scratch.Output(t.Context(), "fetch", "/nonexistent"); !errors.As(err, &failed) || !strings.Contains(failed.Words, "not allowed") {
		t.Errorf("got %v, want no transport to be allowed", err)
	}
}
