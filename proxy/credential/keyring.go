package credential

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
)

// Times of a keyring that a person may have to unlock.
const (
	keyringPatience = 60 * time.Second
	keyringNotice   = time.Second // after it, whoever looks at the terminal is told
)

// Keyring keeps secrets in the keyring of the desktop session, through the Secret Service on its bus.
// Whoever calls must have a session bus: without one, the client library would start another.
type Keyring struct {
	Owner   string // the state directory: providers of two have the same names
	Waiting func() // called once where the keyring takes long; nil: nobody is told
}

// service is the name under which the secrets are in the keyring.
func (k Keyring) service() string { return "exeat in " + k.Owner }

// Save stores a secret, in place of an older one.
func (k Keyring) Save(ctx context.Context, name string, v Value) error {
	_, err := k.ask(ctx, func() (string, error) { return "", keyring.Set(k.service(), name, v.Reveal()) })
	return k.wrap("store", name, err)
}

// Load reads a secret. ErrNoSecret means that there is none of that name.
func (k Keyring) Load(ctx context.Context, name string) (Value, error) {
	text, err := k.ask(ctx, func() (string, error) { return keyring.Get(k.service(), name) })
	if err != nil {
		return Value{}, k.wrap("read", name, err)
	}
	return NewValue(text)
}

// Delete removes a secret. ErrNoSecret means that there was none.
func (k Keyring) Delete(ctx context.Context, name string) error {
	_, err := k.ask(ctx, func() (string, error) { return "", keyring.Delete(k.service(), name) })
	return k.wrap("delete", name, err)
}

// Hint is how a person removes a secret without exeat.
func (k Keyring) Hint(name string) string {
	return fmt.Sprintf("secret-tool clear service '%s' username %s", k.service(), name)
}

func (k Keyring) wrap(what, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoSecret):
		return noSecret(name, "the keyring")
	}
	return fmt.Errorf("%s the secret of provider %q: %w", what, name, err)
}

// ask bounds a call, which waits as long as a dialogue stays open.
func (k Keyring) ask(ctx context.Context, call func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		text, err := call()
		answered <- answer{text, err}
	}()
	if k.Waiting != nil {
		defer time.AfterFunc(keyringNotice, k.Waiting).Stop()
	}
	ctx, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	select {
	case <-ctx.Done():
		return "", unlocked(ctx.Err())
	case a := <-answered:
		if errors.Is(a.err, keyring.ErrNotFound) {
			return "", ErrNoSecret
		}
		return a.text, unlocked(a.err)
	}
}

// instead is what to do about a keyring that cannot be had.
const instead = "keep the secret in a file that only you can read: leave out --keyring, or: exeat provider update NAME --keyring=false"

// unlocked tells a keyring that is there, and locked, from none.
func unlocked(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Text: fmt.Sprintf("the keyring was not unlocked within %s", keyringPatience), Advice: "unlock it and run this again, or " + instead}
	case strings.Contains(err.Error(), "failed to unlock"): // the library has no error for it
		return &Error{Text: "the keyring is locked, and nobody unlocked it", Advice: "unlock it and run this again, or " + instead}
	}
	return NoKeyring(err)
}

// NoKeyring is the one sentence for a keyring that does not answer.
func NoKeyring(cause error) error {
	return &Error{
		Text:   fmt.Sprintf("no Secret Service (gnome-keyring, KeePassXC, KWallet) answers on this session's D-Bus: %v", cause),
		Advice: instead,
	}
}
