package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"exeat/approvals/seal"
)

func newApproverPassphraseCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "passphrase", Short: "Seal the approver key under a new passphrase", Args: args(0, 0, "nothing"),
		Long: `Seal the approver key under a new generated passphrase, which is shown once. The
key stays the same, so that sandboxes which pinned it can still be changed.
Copies of the key file made before still open with the old words.`,
		RunE: func(c *cobra.Command, _ []string) error { return runApproverPassphrase(c.Context(), env) },
	}
}

const passphraseScreen = `
Once you have typed them, the approver key %s is sealed under these four words, and no
longer under the old ones:

    %s

Write them down or put them into your password manager: they are not shown again.

`

func runApproverPassphrase(ctx context.Context, env Env) error {
	if env.DirsErr != nil {
		return env.DirsErr
	}
	key, err := seal.Load(env.keyPath())
	if err != nil {
		return err
	}
	tty, err := takeTerminal(ctx, env)
	if err != nil {
		return err
	}
	defer tty.Close()
	words, name, changed := seal.NewPassphrase(), key.Approver().Name, seal.Key{}
	err = typePassphrase(tty, key, func(old string) (err error) {
		changed, err = key.Reseal(old, words)
		return err
	})
	if err != nil {
		return err
	}
	if err := showWords(tty, fmt.Sprintf(passphraseScreen, name, words), words); err != nil {
		return fmt.Errorf("the passphrase is the old one: %w", err)
	}
	if err := changed.Replace(env.keyPath()); err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "approver %s has a new passphrase\n", name)
	return nil
}
