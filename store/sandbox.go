package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Sandbox is one sandbox as its supervisor last reported it. Whether it runs is
// known by the lock its supervisor holds, not by this record.
type Sandbox struct {
	ID, Name  string // Name is unique
	CreatedAt time.Time
	Spec      Spec
	State     string // StateRunning or StateStopped
	PID       int    // of the supervisor
	ExitCode  *int   // of the main command; nil until it has ended
	StartedAt time.Time
	StoppedAt time.Time
}

// Values of Sandbox.State: what a supervisor last wrote of itself.
const (
	StateRunning = "running"
	StateStopped = "stopped"
)

// SandboxUpdate says what to change; nil leaves a field as it is. ExitCode
// pointing at nil clears the exit code.
type SandboxUpdate struct {
	State     *string
	PID       *int
	ExitCode  **int
	StartedAt *time.Time
	StoppedAt *time.Time
}

const selectSandbox = `SELECT id, name, created_at, spec, state, pid, exit_code, started_at, stopped_at FROM sandboxes `

func scanSandbox(row scanner) (b Sandbox, err error) {
	err = row.Scan(&b.ID, &b.Name, (*instant)(&b.CreatedAt), asJSON(&b.Spec), &b.State, &b.PID, &b.ExitCode,
		(*instant)(&b.StartedAt), (*instant)(&b.StoppedAt))
	return b, err
}

// CreateSandbox stores a sandbox with its first revision, both or neither. It
// returns ErrConflict if the name or id is taken.
func (s *Store) CreateSandbox(ctx context.Context, box Sandbox, first Revision) error {
	first.Sandbox = box.ID
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sandboxes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			box.ID, box.Name, orNow(box.CreatedAt), asJSON(&box.Spec), box.State, box.PID, box.ExitCode,
			instant(box.StartedAt), instant(box.StoppedAt))
		if taken(err) {
			return fmt.Errorf("the name or id is taken: %w", ErrConflict)
		}
		if err != nil {
			return err
		}
		return addRevision(ctx, tx, first)
	})
	return s.wrap(err, "create sandbox %q", box.Name)
}

// SandboxByName returns ErrNotFound if no sandbox has the name.
func (s *Store) SandboxByName(ctx context.Context, name string) (Sandbox, error) {
	box, err := one(ctx, s.db.pool, prepare(selectSandbox+`WHERE name = ?`, name), scanSandbox)
	return box, s.wrap(err, "sandbox %q", name)
}

// SandboxByID returns ErrNotFound if no sandbox has the id.
func (s *Store) SandboxByID(ctx context.Context, id string) (Sandbox, error) {
	box, err := one(ctx, s.db.pool, prepare(selectSandbox+`WHERE id = ?`, id), scanSandbox)
	return box, s.wrap(err, "sandbox with id %q", id)
}

// Sandboxes returns all sandboxes by name.
func (s *Store) Sandboxes(ctx context.Context) ([]Sandbox, error) {
	boxes, err := all(ctx, s.db.pool, prepare(selectSandbox+`ORDER BY name`), scanSandbox)
	return boxes, s.wrap(err, "list sandboxes")
}

// UpdateSandbox changes what the update names. It returns ErrNotFound if the
// sandbox is gone.
func (s *Store) UpdateSandbox(ctx context.Context, id string, u SandboxUpdate) error {
	columns, args := u.assignments()
	if len(columns) == 0 {
		return nil
	}
	query := `UPDATE sandboxes SET ` + strings.Join(columns, ", ") + ` WHERE id = ?`
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		return touched(tx.ExecContext(ctx, query, append(args, id)...))
	})
	return s.wrap(err, "update sandbox with id %q", id)
}

func (u SandboxUpdate) assignments() (columns []string, args []any) {
	set := func(column string, value any) {
		columns, args = append(columns, column+" = ?"), append(args, value)
	}
	if u.State != nil {
		set("state", *u.State)
	}
	if u.PID != nil {
		set("pid", *u.PID)
	}
	if u.ExitCode != nil {
		set("exit_code", *u.ExitCode)
	}
	if u.StartedAt != nil {
		set("started_at", instant(*u.StartedAt))
	}
	if u.StoppedAt != nil {
		set("stopped_at", instant(*u.StoppedAt))
	}
	return columns, args
}

// DeleteSandbox removes a sandbox with its revisions and proposals; its entries
// in the audit log stay. Its decisions are files: see DeleteDecisions.
func (s *Store) DeleteSandbox(ctx context.Context, id string) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		return touched(tx.ExecContext(ctx, `DELETE FROM sandboxes WHERE id = ?`, id))
	})
	return s.wrap(err, "delete sandbox with id %q", id)
}
