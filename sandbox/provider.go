package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"exeat/sandbox/control"
	"exeat/store"
)

// Providers are those that a sandbox lends the secrets of under its newest revision.
func (s *Sandboxes) Providers(ctx context.Context, box store.Sandbox) ([]store.ProviderRef, error) {
	newest, err := s.Store.LatestRevision(ctx, box.ID)
	if err != nil {
		return nil, err
	}
	return s.Store.Lent(ctx, box, newest)
}

// Lends tells whether a sandbox lends a provider's secret now.
func (s *Sandboxes) Lends(ctx context.Context, box store.Sandbox, provider string) (bool, error) {
	refs, err := s.Providers(ctx, box)
	return slices.ContainsFunc(refs, func(p store.ProviderRef) bool { return p.Name == provider }), err
}

// Rotate gives all running sandboxes that lend a provider's secret the new one, and returns their
// names: the secret in the provider's file, or the one given. One that cannot be told does not keep
// the others from it.
func (s *Sandboxes) Rotate(ctx context.Context, provider, secret string) (told []string, err error) {
	all, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, info := range all {
		lends, failure := s.Lends(ctx, info.Sandbox, provider)
		if failure == nil && (!lends || !info.Running) {
			continue
		}
		if failure == nil {
			failure = s.rotate(ctx, info, provider, secret)
		}
		switch {
		case errors.Is(failure, control.ErrNotRunning): // it has just ended; its next start reads the new one
		case failure != nil:
			err = errors.Join(err, fmt.Errorf("sandbox %q still lends the old secret: %w", info.Name, failure))
		default:
			told = append(told, info.Name)
		}
	}
	return told, err
}

func (s *Sandboxes) rotate(ctx context.Context, info Info, provider, secret string) error {
	client, err := s.dial(ctx, info.ID)
	if err != nil {
		return err
	}
	return client.Rotate(ctx, provider, secret)
}

// Detach takes a provider from a sandbox, now and for its next starts. It is noted before the
// supervisor is told: a detached provider never comes back by a restart, only by a signature. Where it cannot be
// noted, as on a full disk, the supervisor is told all the same.
func (s *Sandboxes) Detach(ctx context.Context, box store.Sandbox, provider string) error {
	lends, unnoted := s.noteDetached(ctx, box, provider)
	told, err := s.tellDetached(ctx, box, provider)
	switch {
	case unnoted != nil && told:
		return fmt.Errorf("sandbox %q lends provider %q no more while it runs, but its next start would again: %w", box.Name, provider, unnoted)
	case unnoted != nil || err != nil:
		return errors.Join(unnoted, err)
	case !told && !lends:
		return &Error{Text: fmt.Sprintf("provider %q is not attached to sandbox %q", provider, box.Name), Way: "exeat sandbox get " + box.Name}
	}
	return nil
}

func (s *Sandboxes) noteDetached(ctx context.Context, box store.Sandbox, provider string) (lends bool, err error) {
	lends, err = s.Lends(ctx, box, provider)
	if err != nil || !lends {
		return lends, err
	}
	newest, err := s.Store.LatestRevision(ctx, box.ID)
	if err != nil {
		return lends, err
	}
	return lends, s.Store.DetachProvider(ctx, box.ID, provider, newest.Number)
}

// tellDetached tells the supervisor, where one runs and lends the secret.
func (s *Sandboxes) tellDetached(ctx context.Context, box store.Sandbox, provider string) (told bool, err error) {
	client, err := s.dial(ctx, box.ID)
	if err == nil {
		err = client.Detach(ctx, provider)
	}
	var refused *control.Error
	if errors.Is(err, control.ErrNotRunning) || errors.As(err, &refused) && refused.Code == control.CodeRefused {
		return false, nil
	}
	return err == nil, err
}

// Offer hands a secret of the desktop's keyring to a running sandbox that is about to be signed for it.
func (s *Sandboxes) Offer(ctx context.Context, box store.Sandbox, provider, secret string) error {
	client, err := s.dial(ctx, box.ID)
	if errors.Is(err, control.ErrNotRunning) {
		return nil // its next start is told
	}
	if err != nil {
		return err
	}
	return client.Rotate(ctx, provider, secret)
}

// Secrets reports what would keep a sandbox from starting: a secret in a keyring that does not answer, or has it no more.
func (s *Sandboxes) Secrets(ctx context.Context, name string) error {
	info, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	_, err = s.keyringSecrets(ctx, info.Sandbox)
	return err
}

// keyringSecrets are the secrets of a sandbox's providers that are in the desktop's keyring, by name: a
// supervisor has no session and is told.
func (s *Sandboxes) keyringSecrets(ctx context.Context, box store.Sandbox) (map[string]string, error) {
	refs, err := s.Providers(ctx, box)
	if err != nil || s.Keyring == nil {
		return nil, err
	}
	held := map[string]string{}
	for _, ref := range refs {
		p, err := s.Store.Provider(ctx, ref.Name)
		if errors.Is(err, store.ErrNotFound) || err == nil && !p.Keyring {
			continue // the supervisor looks for its file
		}
		if err != nil {
			return nil, err
		}
		if held[ref.Name], err = s.Keyring(ctx, ref.Name); err != nil {
			return nil, err
		}
	}
	return held, nil
}
