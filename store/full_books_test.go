package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"exeat/store"
)

// sound has SQLite check both databases.
func (f *fullDisk) sound() error {
	for _, name := range []string{"exeat.db", "decisions-" + box + "-1.db"} {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(f.dirs.State, name))
		if err != nil {
			return err
		}
		var verdict string
		err = errors.Join(db.QueryRow("PRAGMA integrity_check").Scan(&verdict), db.Close())
		if err != nil || verdict != "ok" {
			return fmt.Errorf("%s: %s, %w", name, verdict, err)
		}
	}
	return nil
}

// count keeps the books of what was taken and what was refused.
func (f *fullDisk) count(err error) error {
	if err != nil {
		f.refused++
	} else {
		f.recorded++
	}
	return err
}

// read returns what the record says was refused, and how many other decisions it has.
func (f *fullDisk) read(ctx context.Context) (refused, others int) {
	list, err := f.reader.Decisions(ctx, store.DecisionFilter{Limit: 10_000})
	if err != nil {
		return -1, -1
	}
	for _, d := range list {
		switch {
		case d.Code != store.CodeUnrecorded:
			others += d.Count
		case strings.Contains(d.Reason, fmt.Sprintf(": %d refused", d.Count)):
			refused += d.Count
		}
	}
	return refused, others
}

func (f *fullDisk) fill(name string) error { return fillWith(filepath.Join(f.base, name)) }

func fillWith(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, size := range []int{64 << 10, 4 << 10} {
		for err = nil; err == nil; {
			_, err = file.Write(make([]byte, size))
		}
		if !errors.Is(err, unix.ENOSPC) {
			return err
		}
	}
	return nil
}

// until waits for what a log does by itself.
func until(what string, done func() bool) error {
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("never: %s", what)
		}
	}
	return nil
}

// checkFull wants one sentence that names the file, and a command to look with.
func checkFull(what string, err error) error {
	var problem *store.DatabaseError
	if !errors.As(err, &problem) || !errors.Is(err, unix.ENOSPC) {
		return fmt.Errorf("%s on a full disk: got %v (%T), want a DatabaseError of ENOSPC", what, err, err)
	}
	if !strings.Contains(err.Error(), "no space left") || !strings.HasPrefix(problem.Hint(), "df -h /") {
		return fmt.Errorf("%s on a full disk: got %q, hint %q", what, err, problem.Hint())
	}
	return nil
}
