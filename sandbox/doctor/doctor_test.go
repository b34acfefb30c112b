package doctor_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"exeat/sandbox/confine"
	"exeat/sandbox/doctor"
	"exeat/store"
)

// TestMain lets the test binary be the program that is run in the sandbox.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A machine on which the tests run has what is essential, which is found out
// without making anything on disk. (What it says of one that lacks something is
// in the scripts of package cmd.)
func TestExamine(t *testing.T) {
	base := t.TempDir()
	dirs := store.Dirs{State: base + "/state", Config: base + "/config", Runtime: base + "/run"}
	begun := time.Now()
	r := doctor.Examine(t.Context(), doctor.Host{Dirs: dirs, KeyFile: base + "/config/approver.json", Git: "/usr/bin/git"})
	t.Log("took", time.Since(begun))
	if r.Problem != "" || r.Hint != "" {
		t.Errorf("got %q, %q", r.Problem, r.Hint)
	}
	seen := map[string]bool{}
	for _, f := range r.Checks {
		if seen[f.Name] || f.Name == "" || f.Detail == "" {
			t.Errorf("not once, or says nothing: %+v", f)
		}
		seen[f.Name] = true
		if lacks := f.State == confine.Missing || f.State == confine.Partial; lacks != (f.Lost != "" && f.Advice != "") {
			t.Errorf("%s is %s, and the loss is %q, the advice %q", f.Name, f.State, f.Lost, f.Advice)
		}
	}
	if left, err := os.ReadDir(base); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// State that cannot be kept stops a sandbox, in the words of whoever keeps it.
func TestState(t *testing.T) {
	base := t.TempDir()
	dirs := store.Dirs{State: filepath.Join(base, "state"), Config: base + "/config", Runtime: base + "/run"}
	if err := os.Mkdir(dirs.State, 0o755); err != nil {
		t.Fatal(err)
	}
	r := doctor.Examine(t.Context(), doctor.Host{Dirs: dirs})
	if want := store.Check(dirs).Error(); r.Problem != want || r.Hint != "chmod 700 "+dirs.State {
		t.Errorf("got %q, %q, want %q", r.Problem, r.Hint, want)
	}
}
