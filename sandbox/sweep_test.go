package sandbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"exeat/sandbox/control"
	"exeat/sandbox/early"
)

// What a killed creation or deletion has left goes with the next list; what is
// or may be in use stays.
func TestSweep(t *testing.T) {
	boxes := newBoxes(t)
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	orphan := func(name string, when time.Time) string {
		dir := boxes.Dirs.Sandbox(name)
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "home"), 0o700), os.Symlink(victim, filepath.Join(dir, "link")), os.Chtimes(dir, when, when)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	gone := orphan(early.NewID(), old)
	id := filepath.Base(gone)
	record := filepath.Join(boxes.Dirs.State, "decisions-"+id+"-1.db")
	if err := errors.Join(os.WriteFile(record, nil, 0o600), os.WriteFile(boxes.Dirs.Socket(id), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	locked := orphan(early.NewID(), old)
	lock, err := control.Dir(locked).TryLock()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := os.Chtimes(locked, old, old); err != nil {
		t.Fatal(err)
	}
	stays := []string{victim, locked, orphan(early.NewID(), time.Now()), orphan("somebody-elses", old)}
	args := frozen(t, "box", testPolicy)
	create(t, boxes, args)
	used := boxes.Dirs.Sandbox(args.ID)
	if err := os.Chtimes(used, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := boxes.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{gone, record, boxes.Dirs.Socket(id)} {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: got %v, want it gone", path, err)
		}
	}
	for _, path := range append(stays, used) {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
}

// Whoever creates and deletes sandboxes for long has no file left open.
func TestNoDescriptorsLeak(t *testing.T) {
	boxes := newBoxes(t)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	cycle := func() {
		create(t, boxes, frozen(t, "box", testPolicy))
		run(t, boxes, "box", "true")
		if err := boxes.Delete(t.Context(), "box"); err != nil {
			t.Fatal(err)
		}
	}
	cycle() // the first opens what stays: the poller, the database's connections
	before := count()
	for range 8 {
		cycle()
	}
	await(t, "the files to be closed", func() bool { return count() <= before })
}
