package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"exeat/store"
)

// A supervisor killed in the middle of writing loses nothing that was answered:
// every id it printed is there, and the next one goes on after them.
func TestKilledWriter(t *testing.T) {
	base := t.TempDir()
	d := below(base)
	c := child(t, "record", base)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for lines := bufio.NewScanner(out); lines.Scan(); {
		id, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if ids = append(ids, id); len(ids) == 300 {
			c.Process.Kill()
		}
	}
	c.Wait() //nolint:errcheck // it was killed
	r := openReader(t, d)
	for _, id := range ids {
		got, err := r.Decision(t.Context(), id)
		if err != nil || got.Target != fmt.Sprint("/path/", id) {
			t.Fatalf("decision %d: got target %q, %v", id, got.Target, err)
		}
	}
	integrity(t, d)
	next, err := openLog(t, d, store.Bounds{}).Record(t.Context(), denial())
	if last := ids[len(ids)-1]; err != nil || next <= last {
		t.Errorf("next id %d, want one above %d; %v", next, last, err)
	}
	st := open(t, d)
	if n, err := st.VerifyAudit(t.Context()); err != nil || n < int64(len(ids)/2) {
		t.Errorf("audit has %d good entries, want at least %d; %v", n, len(ids)/2, err)
	}
}

// recordUntilKilled prints the id of each decision that Record says is on disk,
// in files small enough to change a few times.
func recordUntilKilled(d store.Dirs) error {
	ctx := context.Background()
	if err := store.Prepare(d); err != nil {
		return err
	}
	st, err := store.Open(ctx, d)
	if err != nil {
		return err
	}
	l, err := store.OpenDecisionsBounded(ctx, d, box, store.Bounds{FileBytes: 32 << 10, Files: 1000})
	if err != nil {
		return err
	}
	for id := int64(0); ; {
		row := denial()
		row.Target = fmt.Sprint("/path/", id+1)
		if id, err = l.Record(ctx, row); err != nil {
			return err
		}
		if id%2 == 0 {
			if _, err := st.AppendAudit(ctx, store.AuditEntry{Action: "test"}); err != nil {
				return err
			}
		}
		fmt.Fprintln(os.Stdout, id)
	}
}

// integrity has SQLite check every database of the state.
func integrity(t *testing.T, d store.Dirs) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.State, "*.db"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no databases in %s: %v", d.State, err)
	}
	for _, file := range files {
		var verdict string
		if err := raw(t, file).QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
			t.Errorf("%s: %s, %v", filepath.Base(file), verdict, err)
		}
	}
}

// raw is a database without the package's care.
func raw(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Two sandboxes write and one process reads, all at once.
func TestWritersAndReader(t *testing.T) {
	d := dirs(t)
	const each = 200
	done := make(chan error, 2)
	for _, id := range []string{box, "other"} {
		l, err := store.OpenDecisions(t.Context(), d, id)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for i := range each {
				row := denial()
				row.Target = fmt.Sprint("/path/", i)
				if _, err := l.Record(t.Context(), row); err != nil {
					done <- err
					return
				}
			}
			done <- l.Close()
		}()
	}
	r := openReader(t, d)
	deadline := time.Now().Add(time.Minute)
	for seen := int64(0); seen < each && time.Now().Before(deadline); {
		page, err := r.Decisions(t.Context(), store.DecisionFilter{AfterID: seen})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > 0 {
			seen = page[len(page)-1].ID
		}
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	integrity(t, d)
}
