package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"exeat/proxy/credential"
	"exeat/store"
)

// secrets opens the directory of secrets.
func (e Env) secrets() (*credential.Secrets, error) {
	if e.DirsErr != nil {
		return nil, e.DirsErr
	}
	if err := store.Prepare(e.Dirs); err != nil {
		return nil, err
	}
	return credential.OpenSecrets(e.Dirs.Secrets())
}

// keyring is the desktop's. Without a session bus the client library would start one of its own.
func (e Env) keyring() (credential.Keyring, error) {
	ring := credential.Keyring{Owner: e.Dirs.State, Waiting: func() {
		fmt.Fprintln(e.Err, "waiting for the keyring: unlock it if it asks you to")
	}}
	switch address := e.Getenv("DBUS_SESSION_BUS_ADDRESS"); {
	case strings.HasPrefix(address, "autolaunch:"), address == "" && !e.hasBus():
		return ring, credential.NoKeyring(errors.New("this session has no bus"))
	}
	return ring, nil
}

// hasBus looks where a session bus is when no variable names it.
func (e Env) hasBus() bool {
	runtime := e.Getenv("XDG_RUNTIME_DIR")
	_, err := os.Stat(filepath.Join(runtime, "bus"))
	return runtime != "" && err == nil
}

// removal is how to remove a provider's secret from where its row says, without this program.
func (e Env) removal(p store.Provider) string {
	if p.Keyring {
		return credential.Keyring{Owner: e.Dirs.State}.Hint(p.Name)
	}
	return "rm " + filepath.Join(e.Dirs.Secrets(), p.Name)
}

// keyringSecret is what the supervisor of a new sandbox is told.
func (e Env) keyringSecret(ctx context.Context, provider string) (string, error) {
	ring, err := e.keyring()
	if err != nil {
		return "", fmt.Errorf("read the secret of provider %q: %w", provider, err)
	}
	if err := hideMemory(); err != nil {
		return "", err
	}
	value, err := ring.Load(ctx, provider)
	return value.Reveal(), err
}

// keepSecret stores a provider's secret where its row says.
func (e Env) keepSecret(ctx context.Context, p store.Provider, value credential.Value) error {
	if p.Keyring {
		ring, err := e.keyring()
		if err != nil {
			return err
		}
		return ring.Save(ctx, p.Name, value)
	}
	secrets, err := e.secrets()
	if err != nil {
		return err
	}
	defer secrets.Close()
	return secrets.Save(p.Name, value)
}

// dropSecret removes a provider's secret from where its row says; that there is none is no error.
func (e Env) dropSecret(ctx context.Context, p store.Provider) error {
	err := e.removeSecret(ctx, p)
	if errors.Is(err, credential.ErrNoSecret) {
		return nil
	}
	return err
}

func (e Env) removeSecret(ctx context.Context, p store.Provider) error {
	if p.Keyring {
		ring, err := e.keyring()
		if err != nil {
			return err
		}
		return ring.Delete(ctx, p.Name)
	}
	secrets, err := e.secrets()
	if err != nil {
		return err
	}
	defer secrets.Close()
	return secrets.Delete(p.Name)
}
