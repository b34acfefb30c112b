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

// What is pinned can be neither changed nor moved from inside, nor can a
// directory on the way to it; all around it can.
func TestPins(t *testing.T) {
	s := basic(t)
	dir, m := shared(t, &s, map[string]string{".git/hooks/pre-commit": "hook", ".git/config": "conf", ".git/HEAD": "ref", "other": "x", "any\xff\n bytes": "x"})
	s.Mounts = append(s.Mounts, m)
	s.Pins = []confine.Pin{ // in any order
		{Path: "/job/.git/hooks", ReadOnly: true},
		{Path: "/job/.git/config", ReadOnly: true},
		{Path: "/job/.git"},
		{Path: "/job/any\xff\n bytes", ReadOnly: true},
	}
	b := start(t, s)
	for _, c := range []struct{ script, want string }{
		{"echo x >/job/.git/hooks/pre-commit", "Read-only file system"},
		{"echo x >/job/.git/hooks/post-commit", "Read-only file system"},
		{"echo x >/job/.git/config", "Read-only file system"},
		{"chmod 777 /job/.git/config", "Read-only file system"},
		{"mv /job/.git /job/x", "busy"},
		{"mv /job/.git/hooks /job/.git/x", "busy"},
		{"rm -f /job/.git/config", "busy"},
		{"echo x >/job/.git/new && mv -f /job/.git/new /job/.git/config", "busy"},
		{"ln /job/.git/config /job/.git/again", "Invalid cross-device link"},
		{"python3 -c 'import ctypes; l=ctypes.CDLL(None,use_errno=True); print(l.umount2(b\"/job/.git/config\",2), ctypes.get_errno())'", "-1 1"},
		{"python3 -c 'import ctypes; l=ctypes.CDLL(None,use_errno=True); print(l.syscall(316,-100,b\"/job/.git\",-100,b\"/job/other\",2), ctypes.get_errno())'", "-1 16"}, // RENAME_EXCHANGE
		{"echo new >/job/.git/HEAD && mv /job/.git/HEAD /job/.git/H && cat /job/.git/H", "new"},
		{"for f in /job/any*; do echo x >\"$f\"; done", "Read-only file system"},
		{"echo new >/job/other && rm /job/other && echo gone", "gone"},
	} {
		if out, _ := run(t, b, "sh", "-c", c.script); !strings.Contains(out, c.want) {
			t.Errorf("%s: got %q, want %q", c.script, out, c.want)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, ".git/config")); err != nil || string(got) != "conf" {
		t.Errorf("on the host: got %q, %v", got, err)
	}
}

// A pin that is not there, or is a symlink planted before, stops the start.
func TestPinRefused(t *testing.T) {
	for _, path := range []string{"/job/none", "/job/link", "/job/way/file"} {
		s := basic(t)
		dir, m := shared(t, &s, map[string]string{"real/file": "x"})
		for name, to := range map[string]string{"link": "real", "way": "/etc"} {
			if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		s.Mounts, s.Pins = append(s.Mounts, m), []confine.Pin{{Path: path, ReadOnly: true}}
		b, err := confine.Start(t.Context(), s)
		if err == nil {
			b.Close()
		}
		if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ELOOP) || !strings.Contains(err.Error(), "protect "+path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}
