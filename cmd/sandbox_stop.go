package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"exeat/sandbox"
)

func newSandboxStopCommand(env Env) *cobra.Command {
	return eachSandbox(env, "stop NAME...", "Stop sandboxes; their files and their record stay", "stopped",
		func(ctx context.Context, boxes *sandbox.Sandboxes, name string) error { return boxes.Stop(ctx, name) })
}

func newSandboxDeleteCommand(env Env) *cobra.Command {
	c := eachSandbox(env, "delete NAME...", "Stop sandboxes and remove everything of them: home, revisions, record", "deleted",
		func(ctx context.Context, boxes *sandbox.Sandboxes, name string) error { return boxes.Delete(ctx, name) })
	c.Aliases = []string{"rm"}
	return c
}

// eachSandbox is a command that does one thing to each of the sandboxes named.
func eachSandbox(env Env, use, short, done string, do func(context.Context, *sandbox.Sandboxes, string) error) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: args(1, -1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			boxes, closeStore, err := env.open(c.Context())
			if err != nil {
				return err
			}
			defer closeStore()
			for _, name := range words {
				if err := do(c.Context(), boxes, name); err != nil {
					return err
				}
				fmt.Fprintf(env.Err, "%s %s\n", done, name)
			}
			return nil
		},
	}
	completeSandboxes(env, c)
	return c
}
