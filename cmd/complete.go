package cmd

import (
	"github.com/spf13/cobra"

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
