package store_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/store"
)

// When the disk does not take the records, callers wait a moment and get an
// error; nothing that was taken is lost, and one sandbox does not stop another.
func TestQueueFull(t *testing.T) {
	d := dirs(t)
	l := openLog(t, d, store.Bounds{Queue: 8})
	other, err := store.OpenDecisions(t.Context(), d, "other")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	release := hold(t, filepath.Join(d.State, "decisions-"+box+"-1.db"))
	var taken []int64
	var full error
	for full == nil && len(taken) < 100 {
		id, err := l.Enqueue(allowed())
		if full = err; err == nil {
			taken = append(taken, id)
		}
	}
	if full == nil || len(taken) < 8 || len(taken) > 24 { // the queue, and what the writer holds
		t.Fatalf("took %d, then %v", len(taken), full)
	}
	start := time.Now()
	if _, err := l.Enqueue(allowed()); err == nil || time.Since(start) < 40*time.Millisecond || time.Since(start) > 2*time.Second {
		t.Errorf("waited %v for %v", time.Since(start), err)
	}
	record(t, other, denial())
	release()
	last := record(t, l, denial())
	r := openReader(t, d)
	eventually(t, "the two refusals are one record", func() bool { n, _ := gaps(t, r); return n == 2 })
	if _, rest := gaps(t, r); !cmp.Equal(ids(rest), append(taken, last)) {
		t.Error(cmp.Diff(ids(rest), append(taken, last)))
	}
}

// gaps are how many requests the record says were refused without a record, and all other decisions.
func gaps(t testing.TB, r *store.DecisionReader) (refused int, rest []store.Decision) {
	t.Helper()
	for _, d := range page(t, r, store.DecisionFilter{Limit: 10_000}) {
		if d.Code != store.CodeUnrecorded {
			rest = append(rest, d)
			continue
		}
		refused += d.Count
	}
	return refused, rest
}

// A disk that hangs is noticed long before the queue is full.
func TestStall(t *testing.T) {
	d := dirs(t)
	l := openLog(t, d, store.Bounds{Queue: 1 << 20, Stall: time.Millisecond})
	release := hold(t, filepath.Join(d.State, "decisions-"+box+"-1.db"))
	var err error
	for taken := 0; err == nil && taken < 1<<20; taken++ {
		_, err = l.Enqueue(allowed())
	}
	if err == nil || !strings.Contains(err.Error(), "the disk does not answer") {
		t.Errorf("got %v", err)
	}
	start := time.Now()
	if _, err := l.Record(t.Context(), denial()); err == nil || time.Since(start) > 2*time.Second {
		t.Errorf("Record waited %v for %v", time.Since(start), err)
	}
	release()
	eventually(t, "decisions are taken again", func() bool { _, err := l.Enqueue(allowed()); return err == nil })
}

// hold keeps the write lock of a database until release.
func hold(t *testing.T, file string) (release func()) {
	t.Helper()
	conn, err := raw(t, file).Conn(t.Context())
	if err == nil {
		_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}
