package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exeat/store"
)

// Directories are made for their owner alone, and again changes nothing.
func TestPrepare(t *testing.T) {
	d := below(filepath.Join(t.TempDir(), "not", "there", "yet"))
	for range 2 {
		if err := store.Prepare(d); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{d.State, filepath.Dir(d.Sandbox("x")), d.Config, d.Secrets(), d.Runtime} {
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != os.ModeDir|0o700 {
			t.Errorf("%s: got %v, want drwx------; %v", path, info.Mode(), err)
		}
	}
}

// Check says the same as Prepare and makes nothing.
func TestCheck(t *testing.T) {
	base := t.TempDir()
	if err := store.Check(below(filepath.Join(base, "not", "there", "yet"))); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(base); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want nothing made", left, err)
	}
	made := below(base)
	if err := store.Prepare(made); err != nil {
		t.Fatal(err)
	}
	if err := store.Check(made); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(made.Config, 0o755); err != nil {
		t.Fatal(err)
	}
	wants, says := store.Prepare(made), store.Check(made)
	if says == nil || says.Error() != wants.Error() {
		t.Errorf("got %v, want %v", says, wants)
	}
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.Check(below(filepath.Join(file, "x"))); err == nil {
		t.Error("a directory below a file can be made")
	}
}

// What another user could read, write or put in its place is refused, with a way out.
func TestPrepareRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		spoil   func(t *testing.T, path string)
		problem string
		hint    string
	}{
		{"readable by a group", chmod(0o750), "is open to other users (mode 0750)", "chmod 700 "},
		{"writable by all", chmod(0o777), "is open to other users (mode 0777)", "chmod 700 "},
		{"sticky like /tmp", chmod(0o777 | os.ModeSticky), "is open to other users (mode 1777)", "chmod 700 "},
		{"a symbolic link", replace(func(path string) error { return os.Symlink(t.TempDir(), path) }), "is not a directory but a file or a symbolic link", "ls -ld "},
		{"a file", replace(func(path string) error { return os.WriteFile(path, nil, 0o600) }), "cannot be made", "ls -ld "},
	} {
		for _, pick := range []func(store.Dirs) string{
			func(d store.Dirs) string { return d.State },
			func(d store.Dirs) string { return d.Config },
			func(d store.Dirs) string { return d.Runtime },
		} {
			d := dirs(t)
			test.spoil(t, pick(d))
			wantDirError(t, test.name, store.Prepare(d), pick(d), test.problem, test.hint)
		}
	}
}

func wantDirError(t *testing.T, name string, err error, path, problem, hint string) {
	t.Helper()
	var refusal *store.DirError
	if !errors.As(err, &refusal) {
		t.Fatalf("%s: got %v, want a DirError", name, err)
	}
	if refusal.Path != path || !strings.Contains(err.Error(), problem) || !strings.HasPrefix(refusal.Hint(), hint) {
		t.Errorf("%s: got %q, hint %q; want %q about %s, hint %q", name, err, refusal.Hint(), problem, path, hint)
	}
}

func chmod(mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
}

func replace(with func(string) error) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		if err := errors.Join(os.RemoveAll(path), with(path)); err != nil {
			t.Fatal(err)
		}
	}
}

// A directory of somebody else: root's for an ordinary user, nobody's for root.
func TestPrepareRefusesAnotherOwner(t *testing.T) {
	d := dirs(t)
	if os.Geteuid() == 0 {
		if err := os.Chown(d.State, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	} else {
		d.State = "/" // judged before anything is made below it
	}
	err := store.Prepare(d)
	if os.Geteuid() == 0 {
		wantDirError(t, "owner", err, d.State, "belongs to uid 65534, not to uid 0", "sudo chown -R 0 ")
		return
	}
	wantDirError(t, "owner", err, d.State, "belongs to uid 0", "sudo chown -R ")
}

// Open looks again: somebody may have changed the directory since.
func TestOpenChecksTheDirectory(t *testing.T) {
	d := dirs(t)
	chmod(0o755)(t, d.State)
	for name, f := range map[string]func() error{
		"Open":               func() error { _, err := store.Open(t.Context(), d); return err },
		"OpenDecisions":      func() error { _, err := store.OpenDecisions(t.Context(), d, box); return err },
		"OpenDecisionReader": func() error { _, err := store.OpenDecisionReader(t.Context(), d, box); return err },
	} {
		wantDirError(t, name, f(), d.State, "is open to other users (mode 0755)", "chmod 700 ")
	}
	if entries, err := os.ReadDir(d.State); err != nil || len(entries) != 1 {
		t.Errorf("got %v, want nothing made but the directory for sandboxes; %v", entries, err)
	}
	relative := d
	relative.State = "state"
	wantDirError(t, "relative", store.Prepare(relative), "state", "is not an absolute path", "")
}
