package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"exeat/approvals/grant"
	"exeat/sandbox"
	"exeat/store"
)

func newSandboxProviderCommand(env Env) *cobra.Command {
	return parent("provider", "Lend a provider's secret to a sandbox that runs, or stop it",
		newSandboxAttachCommand(env), newSandboxDetachCommand(env))
}

const attachHelp = `Lend a provider's secret to a sandbox that was created without it. That widens
the sandbox, so you read and sign it first, as with approve; requests carry the
secret from then on. A frozen sandbox is never given one.

The environment variables of programs that run already cannot change; programs
started from then on have the placeholder in the provider's variables.`

func newSandboxAttachCommand(env Env) *cobra.Command {
	c := &cobra.Command{
		Use: "attach NAME PROVIDER", Short: "Lend a provider's secret to a sandbox", Long: attachHelp,
		Args: args(2, 2, "the name of a sandbox and of a provider"), Example: "  exeat sandbox provider attach demo my-github",
		RunE: func(c *cobra.Command, words []string) error {
			return runSandboxAttach(c.Context(), env, words[0], words[1])
		},
	}
	completeSandboxes(env, c)
	return c
}

func runSandboxAttach(ctx context.Context, env Env, name, provider string) error {
	info, p, err := readyAttach(ctx, env, name, provider)
	if err != nil {
		return err
	}
	ref := store.ProviderRef{Name: p.Name, Type: p.Type, Hosts: p.Hosts, Variables: p.Variables, Account: p.Account}
	request := grant.Request{SandboxID: info.ID, Source: "sandbox provider attach " + provider, Attach: &ref}
	if err := runApprove(ctx, env, request, false); err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "%s programs that run already do not get %s; those started from now on do\n",
		env.errStyle().warn("note:"), strings.Join(p.Variables, ", "))
	return nil
}

// readyAttach finds both, and hands a secret of the keyring to the supervisor, which does not reach it.
func readyAttach(ctx context.Context, env Env, name, provider string) (info sandbox.Info, p store.Provider, err error) {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return info, p, err
	}
	defer done()
	if info, err = boxes.Get(ctx, name); err != nil {
		return info, p, err
	}
	if p, err = findProvider(ctx, boxes.Store, provider); err != nil || !p.Keyring {
		return info, p, err
	}
	secret, err := env.keyringSecret(ctx, provider)
	if err == nil {
		err = boxes.Offer(ctx, info.Sandbox, provider, secret)
	}
	return info, p, err
}

const detachHelp = `Stop lending a provider's secret to a sandbox, at once and for its next starts.
Its placeholder is refused from then on wherever it goes, what still carries the
secret ends, and the provider's hosts take no other credential until a signature
says so. That narrows the sandbox, so nobody has to sign it; it is in the audit
log.

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
	fmt.Fprintf(env.Err, "%s programs that run already keep its placeholder in their environment; it is refused everywhere\n",
		env.errStyle().warn("note:"))
	return nil
}
