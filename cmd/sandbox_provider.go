package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newSandboxProviderCommand(env Env) *cobra.Command {
	return parent("provider", "Take a provider from a sandbox", newSandboxDetachCommand(env))
}

const detachHelp = `Stop lending a provider's secret to a sandbox, at once and for its next starts.
Its placeholder is refused from then on wherever it goes. That narrows the
sandbox, so nobody has to sign it; it is in the audit log.

The environment variables of programs that run already cannot change: they keep
the placeholder.`

func newSandboxDetachCommand(env Env) *cobra.Command {
	c := &cobra.Command{
		Use: "detach NAME PROVIDER", Short: "Stop lending a provider's secret to a sandbox", Long: detachHelp,
		Args: args(2, 2, "the name of a sandbox and of a provider"), Example: "  exeat sandbox provider detach demo my-github",
		RunE: func(c *cobra.Command, words []string) error {
			return runSandboxDetach(c.Context(), env, words[0], words[1])
		},
	}
	completeSandboxes(env, c)
	return c
}

func runSandboxDetach(ctx context.Context, env Env, name, provider string) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return err
	}
	if err := boxes.Detach(ctx, info.Sandbox, provider); err != nil {
		return err
	}
	if err := audit(ctx, env, boxes.Store, "detach provider", name, map[string]string{"provider": provider}); err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "detached provider %s from %s: its secret is lent no more\n", provider, name)
	fmt.Fprintf(env.Err, "%s programs that run already keep its placeholder in their environment; it is refused everywhere\n", env.errStyle().warn("note:"))
	return nil
}
