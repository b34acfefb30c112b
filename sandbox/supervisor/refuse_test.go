package supervisor

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
)

func mkdirs(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRefusals(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(base, "home")
	state := filepath.Join(home, ".local/state/exeat")
	mkdirs(t, filepath.Join(state, "sandboxes/x/home"), filepath.Join(home, "project/sub"))
	os.Symlink(home, filepath.Join(base, "link"))
	os.Symlink(state, filepath.Join(home, "project/state"))
	r := newRefusals([]string{state, filepath.Join(base, "not-made-yet")}, home)
	tests := []struct {
		path, want string // want is part of the error; empty means allowed
	}{
		{home + "/project", ""},
		{home + "/project/sub", ""},
		{"/usr", ""},
		{"/etc", ""},
		{home, "holds more than one project"},
		{base + "/link", "holds more than one project"},
		{base, "contains exeat's own files"},
		{home + "/.local", "contains exeat's own files"},
		{state, "lies in exeat's own files"},
		{state + "/sandboxes", "lies in exeat's own files"},
		{state + "/sandboxes/x/home", "lies in exeat's own files"},
		{home + "/project/state", "lies in exeat's own files"},
		{base + "/link/.local/state/exeat/sandboxes", "lies in exeat's own files"},
		{"/", "holds more than one project"},
		{"/run", "holds more than one project"},
		{"/home", "holds more than one project"},
		{"/root", "holds more than one project"},
		{base + "/none", "no such file"},
	}
	for _, tt := range tests {
		_, err := r.check(tt.path)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: got %v, want it allowed", tt.path, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v, want %q", tt.path, err, tt.want)
		}
	}
}

// A bind mount gives our files a second path; the inode is still ours.
func TestRefusesBindMount(t *testing.T) {
	if os.Geteuid() != 0 {
		return // an ordinary user has no bind mounts to be fooled by
	}
	base := t.TempDir()
	state, project := filepath.Join(base, "state"), filepath.Join(base, "project")
	mkdirs(t, state, filepath.Join(project, "innocent"))
	if err := unix.Mount(state, filepath.Join(project, "innocent"), "", unix.MS_BIND, ""); err != nil {
		t.Fatalf("bind mount: %v", err)
	}
	defer unix.Unmount(filepath.Join(project, "innocent"), unix.MNT_DETACH)
	r := newRefusals([]string{state}, "")
	if _, err := r.check(project); err == nil || !strings.Contains(err.Error(), "exeat's own files") {
		t.Errorf("got %v, want the mount below it refused", err)
	}
}

// Without a listener, a socket of the host below a mount is a way out that no
// network namespace closes.
func TestRefusesHostSocket(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mkdirs(t, filepath.Join(base, "with/a b"), filepath.Join(base, "without"))
	listener, err := net.Listen("unix", filepath.Join(base, "with/a b/s"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	refuse := func(dir string, allow bool) error {
		s := &supervisor{box: &confine.Box{}, view: &view{mounts: []confine.Mount{{Source: dir, Target: dir}}}}
		s.sandbox.Spec.AllowSockets = allow
		return s.refuseSockets(t.Context())
	}
	if err := refuse(filepath.Join(base, "with"), false); err == nil || !strings.Contains(err.Error(), "a b/s") {
		t.Errorf("got %v, want the socket named", err)
	}
	for err, why := range map[error]string{
		refuse(filepath.Join(base, "without"), false): "it has no socket",
		refuse(filepath.Join(base, "with"), true):     "sockets are allowed",
	} {
		if err != nil {
			t.Errorf("got %v, but %s", err, why)
		}
	}
}

func TestUnescapeOctal(t *testing.T) {
	for in, want := range map[string]string{
		`/plain`: "/plain", `/a\040b`: "/a b", `/a\134b`: `/a\b`, `/x\`: `/x\`, `/x\9zz`: `/x\9zz`,
	} {
		if got := unescapeOctal(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
