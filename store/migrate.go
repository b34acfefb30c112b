package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
)

//go:embed migrations
var migrations embed.FS

// kind is one sort of database: the folder of its migrations, and the number
// that marks its files as ours (PRAGMA application_id).
type kind struct {
	folder      string
	application int
	oldest      int // schema that is read as it is; state is brought to the newest before it is read
}

func stateKind() kind { return kind{folder: "migrations/state", application: 0x65786501} }

func decisionsKind() kind {
	return kind{folder: "migrations/decisions", application: 0x65786502, oldest: 1}
}

// header is what a file says about itself.
type header struct{ version, application, objects int }

const headerQuery = `SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema)
FROM pragma_user_version, pragma_application_id`

func (d *database) header(ctx context.Context) (h header, err error) {
	err = d.pool.QueryRowContext(ctx, headerQuery).Scan(&h.version, &h.application, &h.objects)
	return h, err
}

// migrate applies what the file lacks, each migration in its own transaction. A
// file that is not ours, or is newer than this program, is refused before a byte
// of it changes.
func (d *database) migrate(ctx context.Context, k kind) error {
	files, err := fs.ReadDir(migrations, k.folder)
	if err != nil {
		return err
	}
	h, err := d.header(ctx)
	if err != nil {
		return err
	}
	if err := d.checkHeader(h, k, len(files)); err != nil {
		return err
	}
	if err := d.useWAL(ctx); err != nil {
		return err
	}
	for version := h.version; version < len(files); version++ {
		text, err := migrations.ReadFile(path.Join(k.folder, files[version].Name()))
		if err != nil {
			return err
		}
		if err := d.apply(ctx, k, version, string(text)); err != nil {
			return fmt.Errorf("apply %s: %w", files[version].Name(), err)
		}
	}
	return nil
}

// readable checks that a file is of a version that this program reads without changing it.
func (d *database) readable(ctx context.Context, k kind) error {
	files, err := fs.ReadDir(migrations, k.folder)
	if err != nil {
		return err
	}
	h, err := d.header(ctx)
	if err != nil {
		return err
	}
	if h == (header{}) {
		return fmt.Errorf("database %s is empty: %w", d.path, fs.ErrNotExist)
	}
	if err := d.checkHeader(h, k, len(files)); err != nil {
		return err
	}
	d.version = h.version
	if h.version < k.oldest {
		return &DatabaseError{Path: d.path, Problem: fmt.Sprintf("has schema %d and must be brought to %d first", h.version, len(files)), hint: "exeat sandbox list"}
	}
	return nil
}

func (d *database) checkHeader(h header, k kind, newest int) error {
	ours := h.application == k.application || h == (header{})
	switch {
	case !ours:
		return &DatabaseError{Path: d.path, Problem: "is not a database of exeat", hint: setAside(d.path)}
	case h.version > newest:
		problem := fmt.Sprintf("was written by a newer exeat (schema %d, this one knows up to %d)", h.version, newest)
		return &DatabaseError{Path: d.path, Problem: problem, hint: "use the newer exeat, or keep apart from it: XDG_STATE_HOME=$HOME/exeat-state exeat ..."}
	}
	return nil
}

// useWAL lets readers and the writer work side by side. The mode is kept in the
// file, so one connection setting it is enough.
func (d *database) useWAL(ctx context.Context) error {
	var mode string
	if err := d.pool.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return &DatabaseError{Path: d.path, Problem: fmt.Sprintf("stays in journal mode %q: its file system cannot share memory", mode), hint: "XDG_STATE_HOME=/local/dir exeat ..."}
	}
	return nil
}

func (d *database) apply(ctx context.Context, k kind, version int, text string) error {
	return d.change(ctx, func(tx *sql.Tx) error {
		var now int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now); err != nil {
			return err
		}
		if now != version { // only possible for someone who ignores the lock
			return fmt.Errorf("schema is %d, want %d: %w", now, version, ErrConflict)
		}
		mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", k.application, version+1)
		_, err := tx.ExecContext(ctx, text+mark)
		return err
	})
}
