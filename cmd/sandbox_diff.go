package cmd

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/spf13/cobra"
)

const diffHelp = `Show what a sandbox changed, hand-off files first: those that the host's own
tools run or trust (git hooks and configuration, settings of editors and agents,
.envrc, ...).

For one with --repo: all files as they are now against what it started with,
committed or not. For one with --workdir: the hand-off files of that directory,
against their state when it was first started.

Everything shown was chosen by the sandbox. Bytes that would act on the terminal
are written out.`

type diffOptions struct {
	paths          []string
	stat, nameOnly bool
	json           bool
	handoff        handoffOptions
}

func newSandboxDiffCommand(env Env) *cobra.Command {
	opts := diffOptions{}
	c := &cobra.Command{
		Use: "diff NAME [PATH...]", Short: "Show what a sandbox changed, hand-off files first", Long: diffHelp,
		Args: args(1, -1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			opts.paths, opts.json = cleanPaths(words[1:]), asJSON(c)
			return runSandboxDiff(c.Context(), env, words[0], opts)
		},
	}
	c.Flags().BoolVar(&opts.stat, "stat", false, "count the lines of each file (--repo)")
	c.Flags().BoolVar(&opts.nameOnly, "name-only", false, "print names alone (--repo)")
	opts.handoff.flags(c)
	completeSandboxes(env, c)
	return c
}

// cleanPaths are paths below the top of the repository.
func cleanPaths(words []string) []string {
	var paths []string
	for _, word := range words {
		paths = append(paths, path.Clean(word))
	}
	return paths
}

func runSandboxDiff(ctx context.Context, env Env, name string, opts diffOptions) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return err
	}
	switch {
	case info.Spec.Repo != nil && opts.handoff != handoffOptions{}:
		return &usageError{err: errors.New("--revert-handoff and --accept-handoff are for a workdir: of a repository nothing has come back yet")}
	case info.Spec.Repo != nil:
		return diffRepo(ctx, env, boxes, info, opts)
	case info.Spec.Workdir == "":
		return &hintError{fmt.Errorf("sandbox %q has no repository and no directory of the host to compare", name), "exeat sandbox create --repo DIR -- bash"}
	case len(opts.paths) > 0 || opts.stat || opts.nameOnly:
		return &usageError{err: errors.New("paths, --stat and --name-only are for a sandbox with --repo")}
	}
	return diffWorkdir(env, boxes, info, opts.handoff, opts.json)
}
