package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Provider is a credential that sandboxes can be given. The secret itself is not
// here: only where it goes, where it came from and a salted fingerprint of it.
type Provider struct {
	Name, Type  string // Name is unique
	Variables   []string
	Hosts       []string // HOST[:PORT][/PATH]
	Fingerprint string
	CreatedAt   time.Time
	Source      Source
	Account     string // of a login: whose it is, which is no secret
	Keyring     bool   // the secret is in the keyring of the desktop, not in a file
}

// Source is where a secret was read, to read it there again.
type Source struct {
	Kind     string   `json:"kind,omitempty"` // one of the Sources; empty: not known, from before it was kept
	Variable string   `json:"variable,omitempty"`
	Path     string   `json:"path,omitempty"`
	Command  []string `json:"command,omitempty"`
}

// The kinds of sources.
const (
	SourceVariable = "variable" // Variable, or those of the type
	SourceInput    = "input"    // typed, or from standard input
	SourceFile     = "file"     // Path
	SourceCommand  = "command"  // what Command prints
	SourceLogin    = "login"    // Path, in which a program keeps its login
)

const selectProvider = `SELECT name, type, variables, hosts, fingerprint, created_at, source, keyring, account FROM providers `

func scanProvider(row scanner) (p Provider, err error) {
	err = row.Scan(&p.Name, &p.Type, asJSON(&p.Variables), asJSON(&p.Hosts), &p.Fingerprint, (*instant)(&p.CreatedAt), asJSON(&p.Source), &p.Keyring, &p.Account)
	return p, err
}

// CreateProvider returns ErrConflict if the name is taken.
func (s *Store) CreateProvider(ctx context.Context, p Provider) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO providers (name, type, variables, hosts, fingerprint, created_at, source, keyring, account)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.Name, p.Type, asJSON(&p.Variables), asJSON(&p.Hosts), p.Fingerprint, orNow(p.CreatedAt), asJSON(&p.Source), p.Keyring, p.Account)
		if taken(err) {
			return fmt.Errorf("the name is taken: %w", ErrConflict)
		}
		return err
	})
	return s.wrap(err, "create provider %q", p.Name)
}

// UpdateProvider stores what a new secret changes: fingerprint, source and where
// it is kept. It returns ErrNotFound if none has the name.
func (s *Store) UpdateProvider(ctx context.Context, p Provider) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		return touched(tx.ExecContext(ctx, `UPDATE providers SET fingerprint = ?, source = ?, keyring = ? WHERE name = ?`,
			p.Fingerprint, asJSON(&p.Source), p.Keyring, p.Name))
	})
	return s.wrap(err, "update provider %q", p.Name)
}

// Provider returns ErrNotFound if none has the name.
func (s *Store) Provider(ctx context.Context, name string) (Provider, error) {
	p, err := one(ctx, s.db.pool, prepare(selectProvider+`WHERE name = ?`, name), scanProvider)
	return p, s.wrap(err, "provider %q", name)
}

// Providers returns all providers by name.
func (s *Store) Providers(ctx context.Context) ([]Provider, error) {
	list, err := all(ctx, s.db.pool, prepare(selectProvider+`ORDER BY name`), scanProvider)
	return list, s.wrap(err, "list providers")
}

// DeleteProvider returns ErrNotFound if none has the name. Sandboxes that were
// given it keep their reference to it.
func (s *Store) DeleteProvider(ctx context.Context, name string) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		return touched(tx.ExecContext(ctx, `DELETE FROM providers WHERE name = ?`, name))
	})
	return s.wrap(err, "delete provider %q", name)
}
