package cmd

import (
	"context"

	"github.com/spf13/cobra"
)

func newPolicyGetCommand(env Env) *cobra.Command {
	var revision int
	c := &cobra.Command{
		Use: "get NAME", Short: "Print a sandbox's policy",
		Example: "  exeat policy get demo > policy.yaml",
		Args:    args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			return runPolicyGet(c.Context(), env, words[0], revision, asJSON(c))
		},
	}
	c.Flags().IntVar(&revision, "revision", 0, "a `number` from 'exeat policy list'; the newest by default")
	completeSandboxes(env, c)
	return c
}

func runPolicyGet(ctx context.Context, env Env, name string, number int, json bool) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	rev, err := findRevision(ctx, boxes, name, number)
	if err != nil {
		return err
	}
	if json {
		return writeJSON(env.Out, struct {
			Revision int    `json:"revision"`
			Digest   string `json:"digest"`
			Status   string `json:"status"`
			Text     string `json:"text"`
		}{rev.Number, rev.Digest, rev.Status, string(rev.Text)})
	}
	_, err = env.Out.Write(rev.Text)
	return err
}
