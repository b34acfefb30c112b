package cmd

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"exeat/sandbox/changes"
	"exeat/sandbox/repo"
)

func newSandboxPullCommand(env Env) *cobra.Command {
	c := &cobra.Command{
		Use: "pull NAME [BRANCH...]", Short: "Fetch a sandbox's branches into your repository",
		Long: `Fetch the branches that moved in a sandbox into the repository it was made from,
as NAME/BRANCH. Every object is checked. Nothing is merged: your branches, your
index and your files stay as they are.`,
		Args: args(1, -1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			return runSandboxPull(c.Context(), env, words[0], words[1:], asJSON(c))
		},
	}
	completeSandboxes(env, c)
	return c
}

func runSandboxPull(ctx context.Context, env Env, name string, branches []string, json bool) error {
	return bring(ctx, env, name, true, func(made *changes.Changes, host repo.Git) error {
		moves, err := made.Pull(ctx, host, name, branches)
		if err != nil {
			return err
		}
		sayBehind(ctx, env, name, made)
		if json {
			return writeHostileJSON(env.Out, each(moves, newMoveRow))
		}
		return printMoves(env, name, moves)
	})
}

// sayBehind names what a pull does not bring.
func sayBehind(ctx context.Context, env Env, name string, made *changes.Changes) {
	paint := env.errStyle()
	for _, refused := range made.Refused {
		fmt.Fprintf(env.Err, "%s left out: %q cannot be the name of a branch here\n", paint.warn("warning:"), refused)
	}
	if n, err := made.Uncommitted(ctx); err == nil && n > 0 {
		fmt.Fprintf(env.Err, "%s files that are not committed there: %d   (exeat sandbox apply %s brings files)\n", paint.dim("note:"), n, name)
	}
}

type moveRow struct {
	Branch  string `json:"branch"`
	Ref     string `json:"ref"`
	How     string `json:"how"`
	Old     string `json:"old,omitempty"`
	New     string `json:"new"`
	Commits int    `json:"commits"`
}

func newMoveRow(m changes.Move) moveRow {
	return moveRow{m.Branch, m.Ref, m.How, m.Old, m.New, m.Commits}
}

func printMoves(env Env, name string, moves []changes.Move) error {
	if len(moves) == 0 {
		fmt.Fprintln(env.Err, "nothing to pull: no branch in the sandbox has anything new")
		return nil
	}
	var rows [][]string
	for _, m := range moves {
		rows = append(rows, []string{name + "/" + m.Branch, m.How, strconv.Itoa(m.Commits), m.New[:12]})
	}
	if err := table(env.Out, []string{"BRANCH", "", "COMMITS", "NOW AT"}, rows); err != nil {
		return err
	}
	first := word(name + "/" + moves[0].Branch)
	fmt.Fprintf(env.Err, "%s git log -p HEAD..%s   then: git merge %s\n", env.errStyle().dim("hint:"), first, first)
	return nil
}
