package store

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// DetachProvider notes that a sandbox does not lend a provider's secret under
// the revisions up to this one, whatever they were signed for.
func (s *Store) DetachProvider(ctx context.Context, sandbox, provider string, revision int) error {
	err := s.db.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO detached VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT DO UPDATE SET revision = max(revision, ?3), at = ?4`, sandbox, provider, revision, orNow(time.Time{}))
		return err
	})
	return s.wrap(err, "detach provider %q", provider)
}

// Lent are the providers whose secrets a sandbox lends under a revision: those
// it was signed for without those that were detached since.
func (s *Store) Lent(ctx context.Context, box Sandbox, under Revision) ([]ProviderRef, error) {
	scan := func(row scanner) (name string, err error) { return name, row.Scan(&name) }
	gone, err := all(ctx, s.db.pool, prepare(`SELECT provider FROM detached WHERE sandbox = ? AND revision >= ?`, box.ID, under.Number), scan)
	lent := slices.DeleteFunc(slices.Clone(box.Spec.Under(under).Providers), func(p ProviderRef) bool {
		return slices.Contains(gone, p.Name)
	})
	return lent, s.wrap(err, "providers of sandbox %q", box.Name)
}

// Under is the spec as a revision changed it.
func (s Spec) Under(r Revision) Spec {
	if r.Providers != nil {
		s.Providers = r.Providers
	}
	return s
}
