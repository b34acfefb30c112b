package confine_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"exeat/sandbox/confine"
)

// A root-owned workspace appears as the sandbox's own, and what the sandbox
// makes there is root's on disk.
func TestIDMapped(t *testing.T) {
	if os.Geteuid() != 0 {
		_, err := confine.IDMapped(t.TempDir(), 0, 0, os.Geteuid(), os.Getegid())
		if err == nil {
			t.Error("an ordinary user can map ids")
		}
		return
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := basic(t)
	tree, err := confine.IDMapped(dir, 0, 0, s.HostUID, s.HostGID)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	s.Mounts = append(s.Mounts, confine.Mount{Tree: tree, Target: "/job"})
	s.Landlock.ReadWrite = append(s.Landlock.ReadWrite, "/job")
	b := start(t, s)
	if out, _ := run(t, b, "sh", "-c", "cat /job/old; echo new >/job/new; stat -c %u:%g /job/new"); !strings.Contains(out, "old1000:1000") {
		t.Errorf("inside: %q", out)
	}
	info, err := os.Stat(filepath.Join(dir, "new"))
	if err != nil {
		t.Fatal(err)
	}
	if st := info.Sys().(*syscall.Stat_t); st.Uid != 0 || st.Gid != 0 {
		t.Errorf("on disk: owner %d:%d, want 0:0", st.Uid, st.Gid)
	}
}

// Root's supplementary groups do not come along: group 0 would still open what
// root's group may.
func TestGroups(t *testing.T) {
	if os.Geteuid() != 0 {
		return // an ordinary user cannot give groups up; the view hides what they open
	}
	b := start(t, basic(t))
	out, _ := run(t, b, "id", "-G")
	if got, want := out, "1000"; got != want {
		t.Errorf("groups %q, want %q", got, want)
	}
}

// This binary is in the sandbox, as a file that nobody there can change.
func TestSelf(t *testing.T) {
	b := start(t, basic(t))
	out, code := run(t, b, "sh", "-c", "test -x "+inside+" && cp /dev/null "+inside)
	if code == 0 || !strings.Contains(out, "Read-only") {
		t.Errorf("status %d, %q", code, out)
	}
}
