package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrNotFound says that the store has no such record.
var ErrNotFound = errors.New("not found")

// ErrConflict says that the store holds something that rules the change out: a
// name that is taken, or a record that has moved on since the caller read it.
var ErrConflict = errors.New("conflict")

// errClosed answers a decision that comes after Close.
var errClosed = errors.New("decision log is closed")

// DatabaseError says what is wrong with a database file. The file is as it was
// before the attempt. On a full disk it unwraps to unix.ENOSPC.
type DatabaseError struct {
	Path    string
	Problem string
	Err     error // the cause; may be nil

	hint string
}

func (e *DatabaseError) Error() string { return fmt.Sprintf("database %s %s", e.Path, e.Problem) }

func (e *DatabaseError) Unwrap() error { return e.Err }

// Hint is what to do about it.
func (e *DatabaseError) Hint() string { return e.hint }

// explain turns SQLite's words for a damaged file or a full disk into ours, and
// returns every other error as it is.
func explain(path string, err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Code() & 0xff { // the primary code; the upper bits only refine it
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return &DatabaseError{Path: path, Problem: fmt.Sprintf("is damaged: %v", err), Err: err, hint: setAside(path)}
	case sqlite3.SQLITE_FULL:
		return diskFull(path)
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		if noSpace(filepath.Dir(path)) {
			return diskFull(path)
		}
	case sqlite3.SQLITE_BUSY:
		return &DatabaseError{Path: path, Problem: "is kept locked by another process", Err: err, hint: "fuser -v " + quote(path)}
	}
	return err
}

// quote makes a path one word of a shell command.
func quote(path string) string {
	if !strings.ContainsFunc(path, func(r rune) bool {
		return !strings.ContainsRune("/._-+,:@", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// setAside is the command that moves a database away, with the files SQLite keeps beside it.
func setAside(path string) string {
	aside := quote(filepath.Join(filepath.Dir(path), "damaged"))
	return fmt.Sprintf("mkdir -p %s && mv %s* %s/", aside, quote(path), aside)
}

func diskFull(path string) *DatabaseError {
	return &DatabaseError{Path: path, Problem: "cannot grow: no space left on its disk", Err: unix.ENOSPC, hint: "df -h " + quote(filepath.Dir(path))}
}

// noSpace tells a full disk from a broken one: SQLite reports both as an I/O
// error when it is the shared-memory file that cannot grow.
func noSpace(dir string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(dir, &fs) == nil && (fs.Bavail == 0 || fs.Files > 0 && fs.Ffree == 0)
}

// taken says whether err is a row that exists already.
func taken(err error) bool {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return false
	}
	code := failure.Code()
	return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}
