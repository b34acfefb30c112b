package cmd

import (
	"context"

	"github.com/spf13/cobra"
)

const diffHelp = `Show what a sandbox changed outside of itself. For one with --workdir: the hand-off files of that
directory, which the host's own tools run or trust (git hooks and configuration, settings of
editors and agents, .envrc, ...), against their state when it was first started.`

func newSandboxDiffCommand(env Env) *cobra.Command {
	var opts handoffOptions
	c := &cobra.Command{
		Use: "diff NAME", Short: "Show the files a sandbox changed that the host's own tools run or trust", Long: diffHelp,
		Args: args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			return runSandboxDiff(c.Context(), env, words[0], opts, asJSON(c))
		},
	}
	opts.flags(c)
	completeSandboxes(env, c)
	return c
}

func runSandboxDiff(ctx context.Context, env Env, name string, opts handoffOptions, json bool) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return err
	}
	return diffWorkdir(env, boxes, info, opts, json)
}
