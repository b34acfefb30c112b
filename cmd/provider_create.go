package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"exeat/proxy/credential"
	"exeat/sandbox"
	"exeat/store"
)

type providerOptions struct {
	sourceOptions
	name  string
	typ   string
	hosts []string
	json  bool
}

const providerHelp = `Store a credential on the host. Sandboxes created with --provider NAME see a
placeholder in its variables; the proxy puts the real value into requests to the
provider's hosts, and nowhere else.

The value never stands on the command line, where every user of the machine
could read it:
  --from-existing          takes it from the variable the type knows (GITHUB_TOKEN,
                           ANTHROPIC_API_KEY), for claude and codex from the login on this machine
  --credential NAME        takes it from the variable NAME
  --credential NAME=-      asks at the terminal, or reads standard input, and calls it NAME in the sandbox
  --from-file NAME=PATH    takes what is in the file
  --from-command NAME=...  takes what the command prints ('gh auth token', 'op read op://...'); it is run
                           without a shell, now and by each "exeat provider update"

--host binds it to places other than the type's own, as HOST, HOST:PORT or
HOST/PATH; without a port it is 443. The types:
`

// typeHelp lists the types with what there is to know of each.
func typeHelp() string {
	var b strings.Builder
	for _, name := range credential.Types() {
		p, err := credential.ProfileOf(name)
		if err != nil {
			continue // they are the types there are
		}
		fmt.Fprintf(&b, "  %-12s %s\n", name, cmp.Or(strings.Join(p.Variables, ", "), "-"))
		if p.Note != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", "", p.Note)
		}
	}
	return b.String()
}

func newProviderCreateCommand(env Env) *cobra.Command {
	opts := providerOptions{}
	c := &cobra.Command{
		Use: "create", Short: "Store a credential on the host", Long: providerHelp + typeHelp(), Args: args(0, 0, "only flags"),
		Example: "  exeat provider create --name my-github --type github --from-existing\n" +
			"  exeat provider create --name my-github --type github --from-command GITHUB_TOKEN='gh auth token'",
		RunE: func(c *cobra.Command, _ []string) error {
			opts.json = asJSON(c)
			return runProviderCreate(c.Context(), env, opts)
		},
	}
	c.Flags().StringVar(&opts.name, "name", "", "a `name` for it (required)")
	c.Flags().StringVar(&opts.typ, "type", "", "the `type`: "+strings.Join(credential.Types(), ", ")+" (required)")
	c.Flags().StringArrayVar(&opts.hosts, "host", nil, "a `host` it may be sent to, in place of the type's own (repeat for more)")
	opts.flags(c.Flags())
	_ = c.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(credential.Types(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

func runProviderCreate(ctx context.Context, env Env, opts providerOptions) error {
	if opts.name == "" || opts.typ == "" {
		return &usageError{errors.New("missing: --name and --type"), "exeat provider create --name my-github --type github --from-existing"}
	}
	variable, source, err := opts.pick(env)
	if err != nil {
		return err
	}
	provider, err := credential.NewProvider(opts.name, opts.typ, credential.Options{Variable: variable, Hosts: opts.hosts})
	if err != nil {
		return err
	}
	row := store.Provider{
		Name: provider.Name, Type: provider.Type, Variables: provider.Variables, Hosts: provider.Hosts,
		CreatedAt: time.Now(), Source: source, Keyring: opts.keyring,
	}
	value, err := fetchSecret(ctx, env, &row)
	if err != nil {
		return err
	}
	row.Fingerprint = value.Fingerprint()
	if err := saveProvider(ctx, env, row, value); err != nil {
		return err
	}
	if opts.json {
		return writeJSON(env.Out, newProviderRow(row))
	}
	fmt.Fprintf(env.Err, "created provider %s (%s): lends its secret to %s\n", row.Name, row.Type, strings.Join(row.Hosts, ", "))
	remarks(env, row, value)
	return nil
}

// remarks says what a user should know of a provider and its secret.
func remarks(env Env, row store.Provider, value credential.Value) {
	if p, err := credential.ProfileOf(row.Type); err == nil && p.Note != "" {
		fmt.Fprintf(env.Err, "%s %s\n", env.errStyle().warn("note:"), p.Note)
	}
	if !value.Masked() {
		fmt.Fprintf(env.Err, "%s the secret is so short that answers which repeat it are not masked\n", env.errStyle().warn("note:"))
	}
}

// saveProvider writes the row before the secret, so that a name that is taken keeps its old secret.
func saveProvider(ctx context.Context, env Env, row store.Provider, value credential.Value) error {
	st, err := env.Store(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	err = st.CreateProvider(ctx, row)
	if errors.Is(err, store.ErrConflict) {
		return &hintError{fmt.Errorf("a provider called %q exists already", row.Name), "exeat provider update " + row.Name}
	}
	if err != nil {
		return err
	}
	if err := env.keepSecret(ctx, row, value); err != nil {
		return errors.Join(err, st.DeleteProvider(ctx, row.Name))
	}
	detail := map[string]string{"type": row.Type, "hosts": strings.Join(row.Hosts, ", "), "kept": kept(row)}
	if err := audit(ctx, env, st, "create provider", row.Name, detail); err != nil {
		return errors.Join(err, env.dropSecret(ctx, row), st.DeleteProvider(ctx, row.Name))
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
		lends, err := boxes.Lends(ctx, info.Sandbox, name)
		if err != nil {
			return err
		}
		if lends {
			return &hintError{
				fmt.Errorf("provider %q is attached to sandbox %q", name, info.Name),
				fmt.Sprintf("exeat sandbox provider detach %s %s", info.Name, name),
			}
		}
	}
	return nil
}
