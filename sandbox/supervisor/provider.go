package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"exeat/proxy/credential"
	"exeat/sandbox/control"
	"exeat/store"
)

// attach reads the secrets of the sandbox's providers, without those that were taken from it.
func (s *supervisor) attach() (*credential.Injector, error) {
	gone, err := s.store.Detached(context.Background(), s.sandbox.ID)
	if err != nil {
		return nil, err
	}
	var attached []credential.Attachment
	for _, ref := range s.sandbox.Spec.Providers {
		if slices.Contains(gone, ref.Name) {
			continue
		}
		value, err := s.secretOf(ref.Name, s.launch.Secrets[ref.Name])
		if err != nil {
			return nil, fmt.Errorf("secret of provider %q: %w", ref.Name, err)
		}
		attached = append(attached, credential.Attachment{Provider: providerOf(ref), Secret: value})
	}
	s.launch.Secrets = nil
	return credential.NewInjector(attached...)
}

func providerOf(ref store.ProviderRef) credential.Provider {
	return credential.Provider{Name: ref.Name, Type: ref.Type, Variables: ref.Variables, Hosts: ref.Hosts}
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
// secret: another one widens nothing.
func (h handler) Rotate(_ context.Context, provider, given string) error {
	value, err := h.s.secretOf(provider, given)
	if err == nil {
		err = h.s.secrets.Rotate(provider, value)
	}
	if err != nil {
		return refused(err)
	}
	h.s.logger.Info("provider has another secret", "provider", provider)
	return nil
}

// Detach implements control.Handler. It narrows, so nobody has to sign it.
func (h handler) Detach(_ context.Context, provider string) error {
	if err := h.s.secrets.Detach(provider); err != nil {
		return refused(err)
	}
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
