package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/store"
)

// Files change by size, the oldest go whole, ids go on, and readers see one list.
func TestRotation(t *testing.T) {
	d := dirs(t)
	l := openLog(t, d, store.Bounds{FileBytes: 64 << 10, Files: 3})
	r := openReader(t, d)
	row := denial()
	var last, streaming int64
	for i := 0; countFiles(t, d) < 3 || i%100 != 0; i++ {
		row.Target = fmt.Sprint("/", i, strings.Repeat("x", 900))
		row.Code = map[bool]string{true: "rare", false: "common"}[i == 10]
		last = record(t, l, row)
		if i == 10 {
			streaming = last
		}
	}
	l.Complete(streaming, store.Ending{Status: 200, BytesIn: 7, BytesOut: 8, Duration: 9})
	want := []int64{}
	for id := last - 499; id <= last; id++ {
		want = append(want, id)
	}
	got := page(t, r, store.DecisionFilter{Limit: 500})
	if diff := cmp.Diff(ids(got), want); diff != "" {
		t.Fatalf("newest: %s", diff)
	}
	if diff := cmp.Diff(ids(page(t, r, store.DecisionFilter{AfterID: want[0] - 1})), want); diff != "" {
		t.Errorf("after: %s", diff)
	}
	if diff := cmp.Diff(ids(page(t, r, store.DecisionFilter{BeforeID: want[499], Limit: 499})), want[:499]); diff != "" {
		t.Errorf("before: %s", diff)
	}
	if got := ids(page(t, r, store.DecisionFilter{Denied: true, Code: "rare"})); !cmp.Equal(got, []int64{streaming}) {
		t.Errorf("of a rare kind, three files ago: got %v, want %d", got, streaming)
	}
	if !strings.Contains(fmt.Sprint(os.ReadDir(d.State)), "decisions-"+box+"-1.db") {
		t.Fatal("the first file went too early for this test")
	}
	eventually(t, "the ending of a request begun three files ago", func() bool { d, _ := r.Decision(t.Context(), streaming); return d.Status == 200 })
	for _, err := r.Decision(t.Context(), 1); err == nil; _, err = r.Decision(t.Context(), 1) {
		row.Target = fmt.Sprint("/more/", last, strings.Repeat("x", 900))
		last = record(t, l, row)
	}
	if n := countFiles(t, d); n != 3 {
		t.Errorf("got %d files, want 3", n)
	}
	l.Complete(1, store.Ending{Status: 200, BytesIn: 7, BytesOut: 8, Duration: 9}) // its record is gone; nothing else may go with it
	record(t, l, denial())
	// A writer that was killed while it made a file leaves a journal, a removal that was killed a log.
	for _, left := range []string{"-7.db-journal", "-9.db-wal"} {
		if err := os.WriteFile(filepath.Join(d.State, "decisions-"+box+left), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.DeleteDecisions(d, box); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(d.State, "decisions-"+box+"*")); len(left) != 0 {
		t.Errorf("after deleting: %q", left)
	}
}

// A file that was moved away, as a damaged one should be, is not written to any more: nobody would read that.
func TestFileMovedAway(t *testing.T) {
	d := dirs(t)
	l := openLog(t, d, store.Bounds{})
	away := filepath.Join(d.State, "damaged")
	if err := os.Mkdir(away, 0o700); err != nil {
		t.Fatal(err)
	}
	for i, empty := range []bool{true, false, false} {
		if !empty {
			record(t, l, denial())
		}
		for _, path := range decisionFiles(t, d) {
			if err := os.Rename(path, filepath.Join(away, fmt.Sprint(i, filepath.Base(path)))); err != nil {
				t.Fatal(err)
			}
		}
		id := record(t, l, denial())
		if got := ids(page(t, openReader(t, d), store.DecisionFilter{})); !cmp.Equal(got, []int64{id}) {
			t.Errorf("%d: got %v, want %d", i, got, id)
		}
	}
}

func decisionFiles(t *testing.T, d store.Dirs) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.State, "decisions-"+box+"-*.db*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func countFiles(t *testing.T, d store.Dirs) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.State, "decisions-"+box+"-*.db"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
