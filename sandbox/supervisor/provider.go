package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"

	"exeat/proxy/credential"
	"exeat/sandbox/control"
	"exeat/store"
)

// attach reads the secrets of the providers that the revision in force lends.
func (s *supervisor) attach() (*credential.Injector, error) {
	revision, err := s.store.Revision(context.Background(), s.sandbox.ID, s.live.Load().Revision)
	if err != nil {
		return nil, err
	}
	in, err := credential.NewInjector()
	if err != nil {
		return nil, err
	}
	commit, err := s.prepareProviders(context.Background(), in, revision)
	if err != nil {
		return nil, err
	}
	commit()
	s.launch.Secrets = nil
	return in, nil
}

// prepareProviders makes the providers of a revision ready to be lent, and no others. Nothing has
// changed until commit is called.
func (s *supervisor) prepareProviders(ctx context.Context, in *credential.Injector, revision store.Revision) (commit func(), err error) {
	lent, err := s.store.Lent(ctx, s.sandbox, revision)
	if err != nil {
		return nil, err
	}
	var keep []string
	var gone []credential.Provider
	var added []credential.Attachment
	for _, ref := range s.sandbox.Spec.Under(revision).Providers {
		if !slices.ContainsFunc(lent, func(l store.ProviderRef) bool { return l.Name == ref.Name }) {
			gone = append(gone, providerOf(ref))
		}
	}
	for _, ref := range lent {
		p := providerOf(ref)
		if slices.ContainsFunc(in.Providers(), p.Equal) {
			keep = append(keep, p.Name)
			continue
		}
		value, err := s.secretOf(p.Name, s.launch.Secrets[p.Name])
		if err != nil {
			return nil, fmt.Errorf("secret of provider %q: %w", p.Name, err)
		}
		added = append(added, credential.Attachment{Provider: p, Secret: value})
	}
	return in.Prepare(keep, gone, added...)
}

func providerOf(ref store.ProviderRef) credential.Provider {
	return credential.Provider{Name: ref.Name, Type: ref.Type, Variables: ref.Variables, Hosts: ref.Hosts, Account: ref.Account}
}

// writeLogins puts the login files of providers into the home. It is the sandbox's own: a path that
// leads out of it is not followed (os.Root), and what is there is replaced, never opened.
func (s *supervisor) writeLogins() error {
	files, err := s.secrets.Files()
	if err != nil || len(files) == 0 {
		return err
	}
	home, err := os.OpenRoot(s.dir.Home())
	if err != nil {
		return fmt.Errorf("home of sandbox: %w", err)
	}
	defer home.Close()
	for _, f := range files {
		if err := s.writeLogin(home, f); err != nil {
			return fmt.Errorf("login file: %w", err)
		}
	}
	return nil
}

func (s *supervisor) writeLogin(home *os.Root, f credential.File) error {
	dir := path.Dir(f.Path)
	if err := home.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := home.Remove(f.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := home.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(f.Content)
	if os.Geteuid() == 0 {
		row := s.sandbox.Spec
		err = errors.Join(err, file.Chown(row.HostUID, row.HostGID), home.Lchown(dir, row.HostUID, row.HostGID))
	}
	return errors.Join(err, file.Close())
}

// secretOf is the secret that was handed over, because it is in a keyring, or the one in the
// provider's file.
func (s *supervisor) secretOf(provider, given string) (credential.Value, error) {
	if given != "" {
		return credential.NewValue(given)
	}
	secrets, err := credential.OpenSecrets(s.dirs.Secrets())
	if err != nil {
		return credential.Value{}, err
	}
	defer secrets.Close()
	return secrets.Load(provider)
}

// environ is what every program finds in its environment, before its own additions. Programs that run
// already keep what they were started with.
func (s *supervisor) environ() []string {
	return environment(s.sandbox.Name, s.shell(), toolEnvironment(s.sandbox.Spec),
		credential.GitEnv(s.secrets.GitConfig()), s.secrets.Env(), s.launch.Env)
}

// Rotate implements control.Handler. The signature covers which provider reaches which hosts, not its
// secret: another one widens nothing. One that is handed over for a provider that is not attached
// waits for the revision that attaches it.
func (h handler) Rotate(_ context.Context, provider, given string) error {
	s := h.s
	s.loading.Lock()
	defer s.loading.Unlock()
	value, err := s.secretOf(provider, given)
	if err != nil {
		return refused(err)
	}
	lent := slices.ContainsFunc(s.secrets.Providers(), func(p credential.Provider) bool { return p.Name == provider })
	if given != "" && !lent {
		s.launch.Secrets = map[string]string{provider: given} // of one at a time: who offers one signs next
		return nil
	}
	if err := s.secrets.Rotate(provider, value); err != nil {
		return refused(err)
	}
	s.proxy.CredentialsChanged()
	s.logger.Info("provider has another secret", "provider", provider)
	return nil
}

// Detach implements control.Handler. It narrows, so nobody has to sign it.
func (h handler) Detach(_ context.Context, provider string) error {
	h.s.loading.Lock()
	defer h.s.loading.Unlock()
	if err := h.s.secrets.Detach(provider); err != nil {
		return refused(err)
	}
	h.s.proxy.CredentialGone(provider)
	h.s.logger.Info("provider detached", "provider", provider)
	return nil
}

// refused keeps the words of a mistake.
func refused(err error) error {
	var mistake *credential.Error
	if errors.As(err, &mistake) {
		return control.Errorf(control.CodeRefused, "%v", err).WithHint(mistake.Hint())
	}
	return err
}
