package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"
)

// keyringService is the name under which the secrets are in the keyring.
const keyringService = "exeat"

// keyringPatience is how long a person has to unlock the keyring.
const keyringPatience = 60 * time.Second

// Keyring keeps secrets in the keyring of the desktop session, through the Secret Service on its bus.
// Whoever calls must have a session bus: without one, the client library would start another.
type Keyring struct{}

// Save stores a secret, in place of an older one.
func (Keyring) Save(ctx context.Context, name string, v Value) error {
	_, err := askKeyring(ctx, func() (string, error) { return "", keyring.Set(keyringService, name, v.Reveal()) })
	return err
}

// Load reads a secret. ErrNoSecret means that there is none of that name.
func (Keyring) Load(ctx context.Context, name string) (Value, error) {
	text, err := askKeyring(ctx, func() (string, error) { return keyring.Get(keyringService, name) })
	if err != nil {
		return Value{}, fmt.Errorf("read the secret of provider %q: %w", name, err)
	}
	return NewValue(text)
}

// Delete removes a secret. ErrNoSecret means that there was none.
func (Keyring) Delete(ctx context.Context, name string) error {
	_, err := askKeyring(ctx, func() (string, error) { return "", keyring.Delete(keyringService, name) })
	return err
}

// askKeyring bounds a call, which waits as long as a dialogue stays open.
func askKeyring(ctx context.Context, call func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		text, err := call()
		answered <- answer{text, err}
	}()
	ctx, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	select {
	case <-ctx.Done():
		return "", NoKeyring(ctx.Err())
	case a := <-answered:
		if errors.Is(a.err, keyring.ErrNotFound) {
			return "", ErrNoSecret
		}
		if a.err != nil {
			return "", NoKeyring(a.err)
		}
		return a.text, nil
	}
}

// NoKeyring is the one sentence for a keyring that does not answer.
func NoKeyring(cause error) error {
	return &Error{
		Text:   fmt.Sprintf("no Secret Service (gnome-keyring, KeePassXC, KWallet) answers on this session's D-Bus: %v", cause),
		Advice: "leave out --keyring: the secret is then kept in a file that only you can read",
	}
}
