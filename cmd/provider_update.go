package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"exeat/proxy/credential"
	"exeat/sandbox"
	"exeat/store"
)

type updateOptions struct {
	sourceOptions
	name string
	move bool // --keyring was given, with whatever value
}

const updateHelp = `Read a provider's secret again, from where it was read before or from where the
flags say. Sandboxes that run have the new one with their next request; their
placeholders stay what they are, so no program has to be started anew.`

func newProviderUpdateCommand(env Env) *cobra.Command {
	opts := updateOptions{}
	c := &cobra.Command{
		Use: "update NAME", Short: "Give a provider a new secret, also under running sandboxes", Long: updateHelp,
		Args: args(1, 1, "the name of a provider"), ValidArgsFunction: completeProviders(env),
		Example: "  exeat provider update my-github\n  exeat provider update my-github --credential GITHUB_TOKEN=-",
		RunE: func(c *cobra.Command, words []string) error {
			opts.name, opts.move = words[0], c.Flags().Changed("keyring")
			return runProviderUpdate(c.Context(), env, opts)
		},
	}
	opts.flags(c.Flags())
	return c
}

func runProviderUpdate(ctx context.Context, env Env, opts updateOptions) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	old, err := findProvider(ctx, boxes.Store, opts.name)
	if err != nil {
		return err
	}
	next, err := opts.apply(env, old)
	if err != nil {
		return err
	}
	value, err := opts.fetch(ctx, env, &next)
	if err != nil {
		return err
	}
	next.Fingerprint = value.Fingerprint()
	if err := replaceSecret(ctx, env, boxes.Store, next, value); err != nil {
		return err
	}
	return errors.Join(tellSandboxes(ctx, env, boxes, next, value), env.dropMoved(ctx, old, next))
}

// fetch reads the new secret. Where it is read again from standard input and nothing came, the user who named no source
// hears which one that is.
func (o updateOptions) fetch(ctx context.Context, env Env, next *store.Provider) (credential.Value, error) {
	value, err := fetchSecret(ctx, env, next)
	if errors.Is(err, errNoInput) && o.given() == 0 {
		err = &hintError{
			fmt.Errorf("the secret of provider %q is read from standard input, as it was before, and that is empty", next.Name),
			"COMMAND-THAT-PRINTS-IT | exeat provider update " + next.Name + "   (or run it at a terminal and type the secret)",
		}
	}
	return value, err
}

// apply is the provider as it will be.
func (o updateOptions) apply(env Env, p store.Provider) (store.Provider, error) {
	if o.move {
		p.Keyring = o.keyring
	}
	if o.given() == 0 && p.Source.Kind != "" {
		return p, nil
	}
	variable, source, err := o.pick(env)
	if err != nil {
		return p, err
	}
	if variable != "" && !slices.Contains(p.Variables, variable) {
		// Sandboxes were signed for the variables it has.
		return p, &hintError{
			fmt.Errorf("provider %q has no variable %s, but %s", p.Name, variable, strings.Join(p.Variables, ", ")),
			"name one of those, or make another provider: exeat provider create",
		}
	}
	p.Source = source
	return p, nil
}

// replaceSecret stores the new secret, then the row: at no moment is there none.
func replaceSecret(ctx context.Context, env Env, st *store.Store, next store.Provider, value credential.Value) error {
	if err := env.keepSecret(ctx, next, value); err != nil {
		return err
	}
	if err := st.UpdateProvider(ctx, next); err != nil {
		return err
	}
	return audit(ctx, env, st, "update provider", next.Name, map[string]string{"kept": kept(next)})
}

// dropMoved removes the old secret where it was kept elsewhere. Nobody would look for it there again.
func (e Env) dropMoved(ctx context.Context, old, next store.Provider) error {
	if old.Keyring == next.Keyring {
		return nil
	}
	if err := e.dropSecret(ctx, old); err != nil {
		return &hintError{fmt.Errorf("the old secret is still in the %s: %w", kept(old), err), e.removal(old)}
	}
	return nil
}

// tellSandboxes hands the new secret to the sandboxes that run.
func tellSandboxes(ctx context.Context, env Env, boxes *sandbox.Sandboxes, p store.Provider, value credential.Value) error {
	given := ""
	if p.Keyring { // a supervisor does not reach it
		given = value.Reveal()
	}
	told, err := boxes.Rotate(ctx, p.Name, given)
	fmt.Fprintf(env.Err, "updated provider %s from its source (%s)\n", p.Name, describeSource(p.Source, p.Variables))
	for _, name := range told {
		fmt.Fprintf(env.Err, "sandbox %s sends the new secret from its next request on\n", name)
	}
	if err != nil {
		return &hintError{errors.Join(err), "exeat sandbox restart NAME"}
	}
	remarks(env, p, value)
	return nil
}
