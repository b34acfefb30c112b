package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"exeat/store"
)

// Ten programs of one sandbox are denied 5,000 different things a second, which
// nothing coalesces. Neither another sandbox nor an approval is slow for it, and
// all of it is recorded.
func TestFlood(t *testing.T) {
	d := dirs(t)
	st := open(t, d)
	create(t, st)
	flooded := openLog(t, d, store.Bounds{})
	other, err := store.OpenDecisions(t.Context(), d, "other")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	version := observer(t, d)
	before := version()
	records := whileFlooded(t, flooded, func(int) error { _, err := other.Record(t.Context(), denial()); return err })
	t.Logf("Record of another sandbox: median %v, slowest %v", median(records), slices.Max(records))
	if m := median(records); m > 10*time.Millisecond {
		t.Errorf("Record of another sandbox: median %v, want under 10 ms", m)
	}
	if after := version(); after != before {
		t.Errorf("traffic wrote to exeat.db: its version went from %d to %d", before, after)
	}
	approvals := whileFlooded(t, flooded, func(n int) error {
		if err := st.AddRevision(t.Context(), revision(n+2)); err != nil {
			return err
		}
		_, err := st.AppendAudit(t.Context(), store.AuditEntry{Action: "approve"})
		return err
	})
	if version() == before {
		t.Error("approvals left no trace in exeat.db: this test would not see what traffic writes")
	}
	t.Logf("approve: median %v, slowest %v", median(approvals), slices.Max(approvals))
	if m := median(approvals); m > 100*time.Millisecond {
		t.Errorf("approve: median %v, want under 100 ms", m)
	}
}

// whileFlooded measures do, over and over, while the log takes 5,000 different
// denials a second, each of which must be recorded.
func whileFlooded(t *testing.T, l *store.DecisionLog, do func(n int) error) (took []time.Duration) {
	t.Helper()
	over := make(chan struct{})
	go func() {
		defer close(over)
		offer(10, 5000, time.Second, func(n int) {
			row := denial()
			row.Target = fmt.Sprint("/flood/", n)
			if _, err := l.Record(t.Context(), row); err != nil {
				t.Error(err)
			}
		})
	}()
	for n := 0; ; n++ {
		start := time.Now()
		if err := do(n); err != nil {
			t.Error(err)
		}
		took = append(took, time.Since(start))
		select {
		case <-over:
			return took
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// observer is a connection to exeat.db that tells whether another has changed it.
func observer(t *testing.T, d store.Dirs) (version func() int) {
	t.Helper()
	conn, err := raw(t, filepath.Join(d.State, "exeat.db")).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return func() (n int) {
		t.Helper()
		if err := conn.QueryRowContext(t.Context(), "PRAGMA data_version").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
}
