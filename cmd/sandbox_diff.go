package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"exeat/sandbox"
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
	if info.Spec.Workdir == "" {
		return &hintError{fmt.Errorf("sandbox %q has no directory of the host to compare", name), "exeat sandbox create --workdir DIR -- bash"}
	}
	return diffWorkdir(env, boxes, info, opts, json)
}

// diffWorkdir is `sandbox diff` of a live workdir.
func diffWorkdir(env Env, boxes *sandbox.Sandboxes, info sandbox.Info, opts handoffOptions, json bool) error {
	found, err := opts.settle(env, boxes, info.Sandbox)
	if err != nil {
		return err
	}
	if json {
		return writeJSON(env.Out, handoffRows(found.Changes()))
	}
	return printHandoffs(env, info.Sandbox, found)
}
