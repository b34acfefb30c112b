package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"exeat/policy"
	"exeat/store"
)

// completeSandboxes completes the first word with the names of sandboxes.
func completeSandboxes(env Env, c *cobra.Command) {
	c.ValidArgsFunction = func(c *cobra.Command, words []string, _ string) ([]string, cobra.ShellCompDirective) {
		st, err := env.Store(c.Context())
		if err != nil || len(words) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer st.Close()
		sandboxes, err := st.Sandboxes(c.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(sandboxes, func(s store.Sandbox) string { return s.Name }), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeProviders completes a flag with the names of providers.
func completeProviders(env Env) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		st, err := env.Store(c.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer st.Close()
		providers, err := st.Providers(c.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(providers, func(p store.Provider) string { return p.Name }), cobra.ShellCompDirectiveNoFileComp
	}
}

func names[T any](items []T, name func(T) string) []string {
	var all []string
	for _, item := range items {
		all = append(all, name(item))
	}
	return all
}

// completeBlocks completes a flag with the blocks of the policy of the sandbox that is named first.
func completeBlocks(env Env) cobra.CompletionFunc {
	return func(c *cobra.Command, words []string, _ string) ([]string, cobra.ShellCompDirective) {
		st, err := env.Store(c.Context())
		if err != nil || len(words) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer st.Close()
		sandbox, err := st.SandboxByName(c.Context(), words[0])
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return blocksOf(c.Context(), st, sandbox.ID), cobra.ShellCompDirectiveNoFileComp
	}
}

func blocksOf(ctx context.Context, st *store.Store, sandbox string) []string {
	rev, err := st.LatestRevision(ctx, sandbox)
	if err != nil {
		return nil
	}
	p, _ := policy.Parse("policy", rev.Text)
	if p == nil {
		return nil
	}
	return names(p.Blocks, func(b policy.Block) string { return b.Key })
}
