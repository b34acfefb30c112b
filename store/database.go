package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"modernc.org/sqlite"
)

// busyTimeout is how long SQLite waits for another process's transaction, in milliseconds.
const busyTimeout = 5000

// database is one SQLite file and a small pool of connections to it.
type database struct {
	pool    *sql.DB
	path    string
	version int   // of its schema; set by read
	turn    *turn // nil where only one process writes
}

// source says which file to open and as what.
type source struct {
	path  string
	kind  kind
	conns int // most connections at once
}

// create opens the file for writing, makes it if need be, and brings it to the
// newest schema. The caller holds the lock named: eight processes creating one
// file at once trip over the switch to WAL, busy_timeout or not.
func (s source) create(ctx context.Context, lockFile string) (*database, error) {
	// A new file gets the mode of the lock file (0600), whatever the umask says.
	db, err := s.connect(url.Values{"mode": {"rwc"}, "modeof": {lockFile}})
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, s.kind); err != nil {
		return nil, errors.Join(explain(s.path, err), db.close())
	}
	return db, nil
}

// read opens a file that exists and never writes to it. A file without a schema
// is reported as fs.ErrNotExist: its writer is about to fill it.
func (s source) read(ctx context.Context) (*database, error) {
	if _, err := os.Lstat(s.path); err != nil {
		return nil, err
	}
	// Not mode=ro: after a crash the first to open must replay the log.
	db, err := s.connect(url.Values{"mode": {"rw"}, "_query_only": {"1"}})
	if err != nil {
		return nil, err
	}
	err = db.readable(ctx, s.kind)
	if err != nil {
		return nil, errors.Join(explain(s.path, err), db.close())
	}
	return db, nil
}

// connect sets pragmas in the DSN, because one sent by Exec reaches a single
// connection of the pool. Immediate transactions take the write lock first: a
// read that turns into a write fails at once when another process was quicker.
func (s source) connect(query url.Values) (*database, error) {
	query["_pragma"] = []string{fmt.Sprintf("busy_timeout(%d)", busyTimeout), "foreign_keys(1)", "synchronous(FULL)"}
	query.Set("_txlock", "immediate")
	dsn := url.URL{Scheme: "file", Path: s.path, RawQuery: query.Encode()}
	connector, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(s.conns)
	pool.SetMaxIdleConns(s.conns)
	return &database{pool: pool, path: s.path}, nil
}

func (d *database) close() error {
	err := d.pool.Close()
	if d.turn != nil {
		err = errors.Join(err, d.turn.file.Close())
	}
	return err
}

// change runs f in one immediate transaction: all of it happens, or nothing.
func (d *database) change(ctx context.Context, f func(*sql.Tx) error) error {
	if d.turn != nil {
		defer d.turn.take(ctx)()
	}
	tx, err := d.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing left to do
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// isMissing says that there is no such database yet, rather than a bad one.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
