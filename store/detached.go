package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DetachProvider notes that a sandbox does not lend a provider's secret any
// more. It returns ErrConflict if that is noted already.
func (s *Store) DetachProvider(ctx context.Context, sandbox, provider string) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO detached VALUES (?, ?, ?)`, sandbox, provider, orNow(time.Time{}))
		if taken(err) {
			return fmt.Errorf("it is detached: %w", ErrConflict)
		}
		return err
	})
	return s.wrap(err, "detach provider %q", provider)
}

// Detached returns the names of the providers that were taken from a sandbox.
func (s *Store) Detached(ctx context.Context, sandbox string) ([]string, error) {
	scan := func(row scanner) (name string, err error) { return name, row.Scan(&name) }
	list, err := all(ctx, s.db.pool, prepare(`SELECT provider FROM detached WHERE sandbox = ? ORDER BY provider`, sandbox), scan)
	return list, s.wrap(err, "providers detached from sandbox %q", sandbox)
}
