package confine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
)

// shared is a directory of the host with some files, as the sandbox of s can
// use it: a root supervisor opens it, since the sandbox's uid cannot reach it.
func shared(t *testing.T, s *confine.Spec, files map[string]string) (string, confine.Mount) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := confine.Mount{Source: dir, Target: "/job"}
	if os.Geteuid() == 0 {
		if err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, _ error) error { return os.Lchown(p, s.HostUID, s.HostGID) }); err != nil {
			t.Fatal(err)
		}
		if m.Tree, err = confine.OpenTree(dir); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Tree.Close() })
	}
	s.Landlock.ReadWrite = append(s.Landlock.ReadWrite, "/job")
	return dir, m
}

func TestMounts(t *testing.T) {
	s := basic(t)
	dir, rw := shared(t, &s, map[string]string{"a": "one", "sub/b": "two"})
	ro := rw
	ro.Target, ro.ReadOnly = "/job/sub/again", true
	if err := os.Mkdir(filepath.Join(dir, "sub/again"), 0o755); err != nil {
		t.Fatal(err)
	}
	if rw.Tree != nil { // a tree is used up by one mount
		var err error
		if ro.Tree, err = confine.OpenTree(dir); err != nil {
			t.Fatal(err)
		}
		defer ro.Tree.Close()
	}
	absent := confine.Mount{Source: "/no/such/thing", Target: "/absent", Optional: true}
	s.Mounts = append([]confine.Mount{ro, absent}, append(s.Mounts, rw)...) // deeper first: the order must not matter
	s.Links = []confine.Link{{Path: "/exeat/bin/tool", Target: "/usr/bin/env"}}
	b := start(t, s)
	for _, c := range []struct{ script, want string }{
		{"cat /job/a /job/sub/b", "onetwo"},
		{"echo new >/job/c && cat /job/c", "new"},
		{"cat /job/sub/again/a", "one"},
		{"echo x >/job/sub/again/c", "Read-only file system"},
		{"readlink /exeat/bin/tool", "/usr/bin/env"},
		{"readlink /bin", hostLink(t, "/bin")},
		{"ls -d /absent", "No such file"},
	} {
		if out, _ := run(t, b, "sh", "-c", c.script); !strings.Contains(out, c.want) {
			t.Errorf("%s: got %q, want %q", c.script, out, c.want)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "c")); err != nil || string(got) != "new\n" {
		t.Errorf("on the host: got %q, %v", got, err)
	}
	if len(b.LeftOut) == 0 || b.LeftOut[0] != "/absent" {
		t.Errorf("left out: got %q, want /absent", b.LeftOut)
	}
}

// hostLink is where path points on the host; a test of merged /usr needs one.
func hostLink(t *testing.T, path string) string {
	t.Helper()
	to, err := os.Readlink(path)
	if err != nil {
		return ""
	}
	return to
}

func TestFiles(t *testing.T) {
	s := basic(t)
	_, m := shared(t, &s, map[string]string{"file": "old"})
	s.Mounts = append(s.Mounts, m)
	s.Links = []confine.Link{{Path: "/dangling", Target: "made/for/it"}}
	s.Files = []confine.File{
		{Path: "/etc/hosts", Content: []byte("127.0.0.1 box\n")},
		{Path: "/etc/not-there-on-any-host", Content: []byte("x"), Optional: true},
		{Path: "/own/place", Content: []byte("ours"), Mode: 0o400},
		{Path: "/dangling", Content: []byte("through a link")},
		{Path: "/job/file", Content: []byte("new")},
	}
	s.Masks = []string{"/etc/passwd", "/usr/share", "/no/such"}
	b := start(t, s)
	for _, c := range []struct{ script, want string }{
		{"cat /etc/hosts", "127.0.0.1 box"},
		{"cat /own/place", "ours"},
		{"cat /made/for/it", "through a link"},
		{"readlink /dangling", "made/for/it"},
		{"cat /job/file", "new"},
		{"echo x >/job/file", "Read-only"},
		{"echo x >/etc/hosts", "Read-only"},
		{"wc -c </etc/passwd; ls /usr/share | wc -l", "0\n0"},
		{"ls -a / | grep -c '^.exeat$'", "0"},
		{"ls /etc/not-there-on-any-host", "No such file"},
	} {
		out, _ := run(t, b, "sh", "-c", c.script)
		if !strings.Contains(out, c.want) {
			t.Errorf("%s: got %q, want %q", c.script, out, c.want)
		}
	}
	if got, want := b.LeftOut, "/etc/not-there-on-any-host"; len(got) != 1 || got[0] != want {
		t.Errorf("left out: got %q, want %q", got, want)
	}
}

// The host replaces a file over which one of ours lies, as editors and package
// managers do: by rename(2). Ours stays, and what the host had is still there.
func TestSteady(t *testing.T) {
	s := basic(t)
	dir, m := shared(t, &s, map[string]string{"hosts": "the host's", "certs/bundle": "the host's", "other": "read on", "sub/deep": "deep"})
	m.ReadOnly, m.Steady = true, true
	s.Mounts = append(s.Mounts, m)
	s.Files = []confine.File{{Path: "/job/hosts", Content: []byte("ours")}, {Path: "/job/certs/bundle", Content: []byte("ours too")}}
	b := start(t, s)
	for range 2 {
		for _, c := range []struct{ script, want string }{
			{"cat /job/hosts", "ours"},
			{"cat /job/certs/bundle", "ours too"},
			{"cat /job/other /job/sub/deep", "read ondeep"},
			{"echo x >/job/other", "Read-only"},
			{"echo x >/job/hosts", "Read-only"},
			{"echo $(ls -A /job)", "certs hosts other sub"},
			{"ls -a / | grep -c '^.exeat$'", "0"},
		} {
			if out, _ := run(t, b, "sh", "-c", c.script); !strings.Contains(out, c.want) {
				t.Errorf("%s: got %q, want %q", c.script, out, c.want)
			}
		}
		for _, name := range []string{"hosts", "certs/bundle"} {
			at := filepath.Join(dir, name)
			if err := os.WriteFile(at+".new", []byte("replaced by the host"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(at+".new", at); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A sandbox can leave symlinks in its workspace for the next start. They are
// resolved in the view: nothing of the host is touched or shown.
func TestPlantedLinks(t *testing.T) {
	victim := t.TempDir()
	if err := os.Chmod(victim, 0o777); err != nil {
		t.Fatal(err)
	}
	s := basic(t)
	dir, m := shared(t, &s, map[string]string{"real/file": "inside"})
	for name, to := range map[string]string{"out": victim, "up": "../../../../../../.." + victim, "magic": "/proc/self/root" + victim} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s.Mounts = append(s.Mounts, m)
	s.Files = []confine.File{
		{Path: "/job/out/one", Content: []byte("x"), Optional: true},
		{Path: "/job/up/two", Content: []byte("x"), Optional: true},
		{Path: "/job/magic/three", Content: []byte("x"), Optional: true},
	}
	b, err := confine.Start(t.Context(), s)
	if err == nil {
		b.Close()
	}
	if left, _ := os.ReadDir(victim); len(left) != 0 {
		t.Errorf("on the host: %v", left)
	}
}

// A source whose way was turned into a symlink after the caller looked at it.
func TestTurnedSource(t *testing.T) {
	s := basic(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", filepath.Join(dir, "was-a-directory")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.Mounts = append(s.Mounts, confine.Mount{Source: filepath.Join(dir, "was-a-directory/ssl"), Target: "/job"})
	b, err := confine.Start(t.Context(), s)
	if err == nil {
		b.Close()
	}
	if !errors.Is(err, unix.ELOOP) {
		t.Errorf("got %v, want %v", err, unix.ELOOP)
	}
	if _, err := confine.OpenTree(filepath.Join(dir, "was-a-directory/ssl")); !errors.Is(err, unix.ELOOP) {
		t.Errorf("OpenTree: got %v, want %v", err, unix.ELOOP)
	}
}

// Where nothing is and nothing may be made, the start is refused, and nothing
// appears on the host's disk.
func TestNoPlaceholders(t *testing.T) {
	s := basic(t)
	dir, m := shared(t, &s, nil)
	s.Mounts = append(s.Mounts, m, confine.Mount{Source: "/etc/passwd", Target: "/job/.git/config"})
	b, err := confine.Start(t.Context(), s)
	if err == nil {
		b.Close()
	}
	if !errors.Is(err, unix.EROFS) || !strings.Contains(err.Error(), "/job/.git/config") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("on the host: %v", left)
	}
}

func TestSpecRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*confine.Spec)
		says   string
	}{
		{"root outside", func(s *confine.Spec) { s.HostUID = 0 }, "never runs as root"},
		{"root group outside", func(s *confine.Spec) { s.HostGID = 0 }, "never runs as root"},
		{"a mount on /", func(s *confine.Spec) { s.Mounts[0].Target = "/" }, `"/"`},
		{"a mount on /proc", func(s *confine.Spec) { s.Mounts[0].Target = "/proc" }, "always the sandbox's own"},
		{"a mount below /dev", func(s *confine.Spec) { s.Mounts[0].Target = "/dev/shm" }, "always the sandbox's own"},
		{"a mount on /tmp", func(s *confine.Spec) { s.Mounts[0].Target = "/tmp" }, `"/tmp"`},
		{"a relative target", func(s *confine.Spec) { s.Mounts[0].Target = "usr" }, `"usr"`},
		{"a target with dots", func(s *confine.Spec) { s.Mounts[0].Target = "/x/../proc" }, `"/x/../proc"`},
		{"a relative source", func(s *confine.Spec) { s.Mounts[0].Source = "usr" }, `"usr"`},
		{"a file in /proc", func(s *confine.Spec) { s.Files = []confine.File{{Path: "/proc/cmdline"}} }, "always the sandbox's own"},
		{"a missing source", func(s *confine.Spec) {
			s.Mounts = append(s.Mounts, confine.Mount{Source: "/no/such", Target: "/x"})
		}, "/no/such"},
	} {
		s := basic(t)
		c.change(&s)
		b, err := confine.Start(t.Context(), s)
		if err == nil {
			b.Close()
		}
		var refused *confine.StartError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want ...%s", c.name, err, c.says)
		}
	}
}
