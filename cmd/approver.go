package cmd

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"exeat/approvals/seal"
	"exeat/cmd/ask"
	"exeat/store"
)

func newApproverCommand(env Env) *cobra.Command {
	return parent("approver", "Make and show the key that approves changes",
		newApproverInitCommand(env), newApproverListCommand(env), newApproverPassphraseCommand(env))
}

func newApproverInitCommand(env Env) *cobra.Command {
	name := ""
	c := &cobra.Command{
		Use: "init", Short: "Make the approver key of this machine", Args: args(0, 0, "nothing"),
		Long: `Make the key that signs every change of a sandbox's policy. It is sealed under a
generated passphrase of four words that is shown once and typed at each
approval. Sandboxes pin the key when they are created; without it their policy
can never be widened again.`,
		RunE: func(c *cobra.Command, _ []string) error { return runApproverInit(c.Context(), env, name) },
	}
	c.Flags().StringVar(&name, "name", "", "a `name` for the key; your user name by default")
	return c
}

func runApproverInit(ctx context.Context, env Env, name string) error {
	if env.DirsErr != nil {
		return env.DirsErr
	}
	if err := store.Prepare(env.Dirs); err != nil {
		return err
	}
	if _, err := seal.Load(env.keyPath()); !errors.Is(err, seal.ErrNoKey) {
		if err == nil {
			err = &hintError{fmt.Errorf("%w: %s", seal.ErrKeyExists, env.keyPath()), "exeat approver list"}
		}
		return err
	}
	tty, err := takeTerminal(ctx, env)
	if err != nil {
		return err
	}
	defer tty.Close()
	signer, err := makeApprover(tty, env.keyPath(), name)
	if err != nil {
		return err
	}
	defer signer.Close()
	fmt.Fprintf(env.Err, "approver %s made: %s (%s)\n", signer.Approver().Name, signer.Approver().Fingerprint, signer.Approver().Strength)
	return nil
}

// The alternate screen (xterm's private mode 1049) keeps the words out of the
// scrollback, where whatever reads the terminal later would find them.
const (
	alternateScreen = "\x1b[?1049h\x1b[H"
	ordinaryScreen  = "\x1b[?1049l"
)

const approverScreen = `
This machine has no approver key yet. It signs every change that lets a sandbox do more, so
that no agent can allow itself anything. It is sealed under these four words:

    %s

Write them down or put them into your password manager: they are not shown again, and a
sandbox can only be changed with the key it was created with.

`

// makeApprover shows a new passphrase on one screen, has it typed once, and keeps the key.
func makeApprover(tty *ask.Terminal, path, name string) (*seal.Signer, error) {
	passphrase := seal.NewPassphrase()
	if err := showWords(tty, fmt.Sprintf(approverScreen, passphrase), passphrase); err != nil {
		return nil, fmt.Errorf("no key made: %w", err)
	}
	if name == "" {
		name = userName()
	}
	key, _, err := seal.Generate(name, passphrase)
	if err != nil {
		return nil, err
	}
	if err := key.Create(path); err != nil {
		return nil, err
	}
	return key.Open(passphrase)
}

// showWords shows a new passphrase on a screen of its own until it was typed back.
func showWords(tty *ask.Terminal, screen, passphrase string) error {
	tty.Show(alternateScreen + screen)
	defer tty.Show(ordinaryScreen)
	return typedBack(tty, passphrase)
}

func typedBack(tty *ask.Terminal, passphrase string) error {
	for range attempts {
		typed, err := tty.Line("Type the passphrase once: ")
		if err != nil {
			return err
		}
		if strings.Join(strings.Fields(strings.ReplaceAll(typed, "-", " ")), "-") == passphrase {
			return nil
		}
		tty.Show("That is not what is shown above.\n")
	}
	return errors.New("the passphrase was mistyped too often")
}

func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "approver"
}

func newApproverListCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Show the approver key of this machine and how strong it is", Args: args(0, 0, "nothing"),
		RunE: func(c *cobra.Command, _ []string) error { return runApproverList(env, asJSON(c)) },
	}
}

// strengths says what each kind of key stops, in the words of the threat model.
var strengths = map[string]string{
	seal.Passphrase: "stops an agent that only uses its tools; not hostile code that runs as you and reads your terminal",
}

func runApproverList(env Env, json bool) error {
	if env.DirsErr != nil {
		return env.DirsErr
	}
	key, err := seal.Load(env.keyPath())
	if err != nil {
		return err
	}
	a := key.Approver()
	if json {
		return writeJSON(env.Out, []store.Approver{a})
	}
	return pairs(env.Out, [][2]string{
		{"name", a.Name},
		{"fingerprint", a.Fingerprint},
		{"strength", a.Strength + ": " + strengths[a.Strength]},
		{"key file", env.keyPath()},
		{"for /etc/exeat/approvers", seal.AnchorLine(a)},
	})
}
