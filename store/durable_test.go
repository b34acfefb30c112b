package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/store"
)

// A denial is on disk when Record returns: no page of the write-ahead log waits
// in the kernel's cache to be written. A queued decision is there 50 ms later.
func TestDurableBeforeAnswer(t *testing.T) {
	d := dirs(t)
	l := openLog(t, d, store.Bounds{})
	wal := filepath.Join(d.State, "decisions-"+box+"-1.db-wal")
	if !seesUnwritten(t, filepath.Join(t.TempDir(), "probe")) {
		t.Log("this kernel or file system does not tell what is unwritten; TestSynchronous looks at the setting")
		return
	}
	for i := range 20 {
		row := denial()
		row.PID = i
		record(t, l, row)
		if n := unwritten(t, wal); n != 0 {
			t.Fatalf("denial %d was answered with %d pages of it unwritten", i, n)
		}
	}
}

// A queued decision is committed within 50 ms, on a machine that has time.
func TestQueuedIsCommittedSoon(t *testing.T) {
	d := dirs(t)
	l, r := openLog(t, d, store.Bounds{}), openReader(t, d)
	record(t, l, denial())
	var took []time.Duration
	for range 15 {
		start := time.Now()
		id, err := l.Enqueue(allowed())
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is committed", func() bool { _, err := r.Decision(t.Context(), id); return err == nil })
		took = append(took, time.Since(start))
	}
	t.Logf("median %v", median(took))
	if m := median(took); m > 50*time.Millisecond {
		t.Errorf("committed after %v, want within 50 ms", m)
	}
}

// seesUnwritten says whether unwritten would find what was not synced.
func seesUnwritten(t *testing.T, probe string) bool {
	t.Helper()
	if err := os.WriteFile(probe, make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	return unwritten(t, probe) > 0
}

// unwritten is how many pages of a file are newer in memory than on disk, see
// cachestat(2) (Linux 6.5). The write-ahead log may be opened: its file has no locks.
func unwritten(t *testing.T, path string) uint64 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var stat unix.Cachestat_t
	if err := unix.Cachestat(uint(file.Fd()), &unix.CachestatRange{}, &stat, 0); err != nil {
		return 0
	}
	return stat.Dirty + stat.Writeback
}
