package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"exeat/store"
)

// The reserve is space that is really taken, there while a log is open, and given
// back when it is closed; one that a killed process left is taken over.
func TestBallast(t *testing.T) {
	d := dirs(t)
	path := filepath.Join(d.State, "decisions-"+box+"-ballast")
	if err := os.WriteFile(path, []byte("left, and of another size"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := store.OpenDecisions(t.Context(), d, box)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "8 MiB are taken", func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Sys().(*syscall.Stat_t).Blocks*512 >= 8<<20
	})
	record(t, l, denial())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}
}
