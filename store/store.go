package store

import (
	"context"
	"errors"
	"fmt"
)

// Store is the small state of all sandboxes. It is safe for concurrent use, in
// this process and in others.
type Store struct{ db *database }

// Open opens the state, creates it if there is none, and brings it to the schema
// of this program. The directory must have been made by Prepare. It returns a
// *DirError, or a *DatabaseError for a file that is damaged or too new.
func Open(ctx context.Context, d Dirs) (*Store, error) {
	if err := checkDir(d.State); err != nil {
		return nil, err
	}
	lockFile := d.database() + ".lock"
	held, err := lock(ctx, lockFile)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	defer held.Close()
	db, err := stateSource(d).create(ctx, lockFile)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	if db.turn, err = openTurn(d.database() + ".turn"); err != nil {
		return nil, errors.Join(fmt.Errorf("open state: %w", err), db.close())
	}
	return &Store{db: db}, nil
}

// Close gives the connections back. Transactions are durable when they return;
// Close adds nothing to that.
func (s *Store) Close() error { return s.db.close() }

// wrap adds what was attempted to an error, if there is one.
func (s *Store) wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, explain(s.db.path, err))...)
}

func stateSource(d Dirs) source {
	return source{path: d.database(), kind: stateKind(), conns: 4}
}
