package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"exeat/sandbox/changes"
	"exeat/sandbox/repo"
)

type applyOptions struct {
	paths        []string
	dryRun, json bool
}

func newSandboxApplyCommand(env Env) *cobra.Command {
	opts := applyOptions{}
	c := &cobra.Command{
		Use: "apply NAME [PATH...]", Short: "Bring changed files into your work tree, all or nothing",
		Long: `Bring the files that changed in a sandbox, or those at the paths named, into the
work tree it was made from. What you changed there meanwhile stays, or nothing
is changed at all. The index is not touched.

Hand-off files, symbolic links and new executables stay behind unless they are
named one by one.`,
		Example: "  exeat sandbox diff demo\n  exeat sandbox apply demo src --dry-run",
		Args:    args(1, -1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			opts.paths, opts.json = cleanPaths(words[1:]), asJSON(c)
			return runSandboxApply(c.Context(), env, words[0], opts)
		},
	}
	c.Flags().BoolVarP(&opts.dryRun, "dry-run", "n", false, "change nothing, only say what would be done")
	completeSandboxes(env, c)
	return c
}

func runSandboxApply(ctx context.Context, env Env, name string, opts applyOptions) error {
	return bring(ctx, env, name, false, func(made *changes.Changes, host repo.Git) error {
		sayIncomplete(env, made)
		entries, err := made.Entries(ctx)
		if err != nil {
			return err
		}
		chosen, err := changes.Choose(entries, opts.paths)
		if err != nil {
			return &hintError{err, "exeat sandbox diff " + name + " --name-only"}
		}
		same, err := made.Apply(ctx, host, entries, chosen, opts.dryRun)
		if err != nil {
			return err
		}
		return printApplied(env, name, chosen, same, opts)
	})
}

func printApplied(env Env, name string, chosen []changes.Choice, same []string, opts applyOptions) error {
	there := map[string]bool{}
	for _, p := range same {
		there[p] = true
	}
	var brought, left []changes.Choice
	for _, ch := range chosen {
		switch {
		case ch.LeftOut != "":
			left = append(left, ch)
		case !there[ch.Path]:
			brought = append(brought, ch)
		}
	}
	if opts.json {
		return printAppliedJSON(env, brought, left, opts.dryRun)
	}
	for _, ch := range brought {
		fmt.Fprintf(env.Out, "%s %s\n", ch.Status, repo.Visible(ch.Path))
	}
	verb := "applied"
	if opts.dryRun {
		verb = "would apply"
	}
	fmt.Fprintf(env.Err, "%s %d of %d changed files\n", verb, len(brought), len(chosen))
	printLeft(env, name, left)
	return nil
}

// printLeft lists what stayed behind, and the command that brings it.
func printLeft(env Env, name string, left []changes.Choice) {
	paint := env.errStyle()
	var words []string
	for _, ch := range left {
		fmt.Fprintf(env.Err, "%s %s   (%s)\n", paint.warn("left out:"), repo.Visible(ch.Path), ch.LeftOut)
		if ch.Forced && repo.Visible(ch.Path) == ch.Path {
			words = append(words, word(ch.Path))
		}
	}
	if len(words) > 0 {
		fmt.Fprintf(env.Err, "%s exeat sandbox apply %s %s   (after: exeat sandbox diff %s)\n", paint.dim("hint:"), name, strings.Join(words[:min(len(words), 10)], " "), name)
	}
}

// word is text as one word for a shell.
func word(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-+@%,:="
	if strings.Trim(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func printAppliedJSON(env Env, brought, left []changes.Choice, dry bool) error {
	row := func(ch changes.Choice) changeRow {
		r := newChangeRow(ch.Entry)
		r.LeftOut = ch.LeftOut
		return r
	}
	return writeHostileJSON(env.Out, struct {
		DryRun  bool        `json:"dry_run"`
		Applied []changeRow `json:"applied"`
		LeftOut []changeRow `json:"left_out"`
	}{dry, each(brought, row), each(left, row)})
}
