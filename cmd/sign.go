package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"exeat/approvals/seal"
	"exeat/cmd/ask"
)

// questionLimit is how long a question waits for its answer.
const questionLimit = 5 * time.Minute

// attempts is how often a digest or a passphrase may be mistyped.
const attempts = 3

// keyPath is where the approver's sealed key is kept.
func (e Env) keyPath() string { return filepath.Join(e.Dirs.Config, "approver.json") }

// approver is the fingerprint of the key here. Without a key it is empty and
// no error: a frozen sandbox, or nothing to sign, is said before that.
func (e Env) approver() (string, error) {
	key, err := seal.Load(e.keyPath())
	if errors.Is(err, seal.ErrNoKey) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return key.Approver().Fingerprint, nil
}

// statement is what a human is asked to sign: the text that is shown and the
// digest whose first digits prove that it was read to its end.
type statement struct {
	show   string
	digest string // empty where there is no diff to read, as at create
}

// sign shows a statement at the terminal, asks for the digits under it and for
// the passphrase, and returns the open key. Nothing is started between the
// display and the signature, so nothing can show something else.
func sign(ctx context.Context, env Env, what statement) (*seal.Signer, error) {
	key, err := seal.Load(env.keyPath())
	if err != nil {
		return nil, err
	}
	tty, err := takeTerminal(ctx, env)
	if err != nil {
		return nil, err
	}
	defer tty.Close()
	tty.Show(what.show)
	if err := confirm(tty, what.digest); err != nil {
		return nil, err
	}
	return unlock(tty, key)
}

// takeTerminal opens the terminal for a question only a human may answer.
func takeTerminal(ctx context.Context, env Env) (*ask.Terminal, error) {
	if err := refuseAgents(env); err != nil {
		return nil, err
	}
	// The passphrase is in our memory soon: no core file, no other process of this user may read it (prctl(2)).
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("protect this process from being read: %w", err)
	}
	tty, err := ask.Open(ctx, questionLimit)
	if errors.Is(err, ask.ErrNoTerminal) {
		return nil, &hintError{err, "open a terminal, and run the command there"}
	}
	return tty, err
}

// confirm asks for the first six digits of the digest that stands under the diff.
func confirm(tty *ask.Terminal, digest string) error {
	if digest == "" {
		return nil
	}
	for range attempts {
		typed, err := tty.Line("Type the six digits of the digest to approve, or nothing to leave: ")
		switch {
		case err != nil:
			return err
		case typed == "":
			return ask.ErrCancelled
		case typed == digest[:6]:
			return nil
		}
		tty.Show("That is not the digest of what is shown.\n")
	}
	return errors.New("not approved: the digest was mistyped too often")
}

func unlock(tty *ask.Terminal, key seal.Key) (signer *seal.Signer, err error) {
	err = typePassphrase(tty, key, func(words string) (err error) {
		signer, err = key.Open(words)
		return err
	})
	return signer, err
}

// typePassphrase asks for the passphrase of a key until use does not say that it is another.
func typePassphrase(tty *ask.Terminal, key seal.Key, use func(words string) error) error {
	prompt := "Passphrase of " + key.Approver().Name + " (not shown): "
	for range attempts {
		words, err := tty.Secret(prompt)
		if err != nil {
			return err
		}
		if err := use(words); !errors.Is(err, seal.ErrPassphrase) {
			return err
		}
		tty.Show("That is not the passphrase.\n")
	}
	return seal.ErrPassphrase
}
