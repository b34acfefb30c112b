package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"exeat/cmd/ask"
	"exeat/proxy/credential"
	"exeat/sandbox"
	"exeat/store"
)

type providerOptions struct {
	name         string
	typ          string
	credential   string
	hosts        []string
	fromExisting bool
	json         bool
}

const providerHelp = `Store a credential on the host. Sandboxes created with --provider NAME see a
placeholder in its variables; the proxy puts the real value into requests to the
provider's hosts, and nowhere else.

The value never stands on the command line, where every user of the machine
could read it:
  --from-existing       takes it from the variable the type knows (GITHUB_TOKEN, ANTHROPIC_API_KEY)
  --credential NAME     takes it from the variable NAME
  --credential NAME=-   asks at the terminal, or reads standard input, and calls it NAME in the sandbox`

func newProviderCreateCommand(env Env) *cobra.Command {
	opts := providerOptions{}
	c := &cobra.Command{
		Use: "create", Short: "Store a credential on the host", Long: providerHelp, Args: args(0, 0, "only flags"),
		Example: "  exeat provider create --name my-github --type github --from-existing\n  gh auth token | exeat provider create --name my-github --type github --credential GITHUB_TOKEN=-",
		RunE: func(c *cobra.Command, _ []string) error {
			opts.json = asJSON(c)
			return runProviderCreate(c.Context(), env, opts)
		},
	}
	c.Flags().StringVar(&opts.name, "name", "", "a `name` for it (required)")
	c.Flags().StringVar(&opts.typ, "type", "", "the `type`: "+strings.Join(credential.Types(), ", ")+" (required)")
	c.Flags().StringVar(&opts.credential, "credential", "", "the variable that holds it, as `NAME` or NAME=-")
	c.Flags().StringArrayVar(&opts.hosts, "host", nil, "a `host` it may be sent to, in place of the type's own (repeat for more)")
	c.Flags().BoolVar(&opts.fromExisting, "from-existing", false, "take it from the variable the type knows")
	_ = c.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(credential.Types(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func runProviderCreate(ctx context.Context, env Env, opts providerOptions) error {
	if opts.name == "" || opts.typ == "" {
		return &usageError{errors.New("missing: --name and --type"), "exeat provider create --name my-github --type github --from-existing"}
	}
	variable, fromInput, err := opts.source()
	if err != nil {
		return err
	}
	provider, err := credential.NewProvider(opts.name, opts.typ, credential.Options{Variable: variable, Hosts: opts.hosts})
	if err != nil {
		return err
	}
	value, err := readSecret(ctx, env, provider, variable, fromInput)
	if err != nil {
		return err
	}
	row := store.Provider{
		Name: provider.Name, Type: provider.Type, Variables: provider.Variables, Hosts: provider.Hosts,
		Fingerprint: value.Fingerprint(), CreatedAt: time.Now(),
	}
	if err := saveProvider(ctx, env, row, value); err != nil {
		return err
	}
	if opts.json {
		return writeJSON(env.Out, newProviderRow(row))
	}
	fmt.Fprintf(env.Err, "created provider %s (%s): lends its secret to %s\n", row.Name, row.Type, strings.Join(row.Hosts, ", "))
	return nil
}

// source tells where the value comes from. A value after = is refused: it has
// been in the shell's history and in everybody's process list by then.
func (o providerOptions) source() (variable string, fromInput bool, err error) {
	variable, value, given := strings.Cut(o.credential, "=")
	switch {
	case o.fromExisting == (o.credential != ""):
		return "", false, &usageError{err: errors.New("say where the credential comes from: --from-existing, or --credential NAME")}
	case given && value != "-":
		hint := fmt.Sprintf("export %s=...; exeat provider create --name %s --type %s --credential %s   (or --credential %s=- to type it)", variable, o.name, o.typ, variable, variable)
		return "", false, &usageError{errors.New("a credential's value must not stand on the command line, where other users can read it"), hint}
	}
	return variable, given, nil
}

func readSecret(ctx context.Context, env Env, p credential.Provider, variable string, fromInput bool) (credential.Value, error) {
	if fromInput {
		return inputSecret(ctx, env, p.Name)
	}
	wanted := p.Variables
	if variable != "" {
		wanted = []string{variable}
	}
	for _, name := range wanted {
		if text := env.Getenv(name); text != "" {
			return credential.NewValue(text)
		}
	}
	return credential.Value{}, &hintError{
		fmt.Errorf("no credential: %s is not set", strings.Join(wanted, " or ")),
		"export " + wanted[0] + "=...   (put the credential there, and run the command again)",
	}
}

// inputSecret asks at the terminal, or reads a pipe.
func inputSecret(ctx context.Context, env Env, name string) (credential.Value, error) {
	if !env.InTTY() {
		text, err := io.ReadAll(io.LimitReader(env.In, 1<<16))
		if err != nil {
			return credential.Value{}, fmt.Errorf("read credential: %w", err)
		}
		return credential.NewValue(strings.TrimSpace(string(text)))
	}
	tty, err := ask.Open(ctx, questionLimit)
	if err != nil {
		return credential.Value{}, err
	}
	defer tty.Close()
	text, err := tty.Secret("Credential for " + name + " (not shown): ")
	if err != nil {
		return credential.Value{}, err
	}
	return credential.NewValue(text)
}

// saveProvider writes the row before the secret, so that a name that is taken keeps its old secret.
func saveProvider(ctx context.Context, env Env, row store.Provider, value credential.Value) error {
	st, err := env.Store(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	secrets, err := env.secrets()
	if err != nil {
		return err
	}
	defer secrets.Close()
	err = st.CreateProvider(ctx, row)
	if errors.Is(err, store.ErrConflict) {
		return &hintError{fmt.Errorf("a provider called %q exists already", row.Name), "exeat provider delete " + row.Name}
	}
	if err != nil {
		return err
	}
	if err := secrets.Save(row.Name, value); err != nil {
		return errors.Join(err, st.DeleteProvider(ctx, row.Name))
	}
	return nil
}

// unused refuses to delete a provider that a sandbox is attached to.
func unused(ctx context.Context, boxes *sandbox.Sandboxes, name string) error {
	all, err := boxes.List(ctx)
	if err != nil {
		return err
	}
	for _, info := range all {
		attached := slices.ContainsFunc(info.Spec.Providers, func(p store.ProviderRef) bool { return p.Name == name })
		if attached {
			return &hintError{fmt.Errorf("provider %q is attached to sandbox %q", name, info.Name), "exeat sandbox delete " + info.Name}
		}
	}
	return nil
}
