package store

import "testing"

// Every connection that writes decisions waits for the disk at each commit.
func TestSynchronous(t *testing.T) {
	db := testFile(t, testDirs(t))
	var synchronous int
	var journal string
	err := db.pool.QueryRow("SELECT synchronous, journal_mode FROM pragma_synchronous, pragma_journal_mode").Scan(&synchronous, &journal)
	if err != nil || synchronous != 2 || journal != "wal" {
		t.Errorf("got synchronous = %d and journal_mode = %s, %v, want FULL (2) and wal", synchronous, journal, err)
	}
}
