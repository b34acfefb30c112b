package cmd

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"exeat/mcp"
)

func newMCPServeCommand(env Env) *cobra.Command {
	readOnly := false
	c := &cobra.Command{
		Use: "serve", Short: "Serve an agent on the host over standard input and output", Args: args(0, 0, "nothing"),
		Long: `Serve the Model Context Protocol to an agent on the host: it reads what
sandboxes were denied and proposes changes of their policies. It cannot approve
one. What the agent's shell starts cannot approve either, as long as this server
lives.`,
		Example: "  claude mcp add exeat -- exeat mcp serve",
		RunE: func(c *cobra.Command, _ []string) error {
			return runMCPServe(c.Context(), env, readOnly)
		},
	}
	c.Flags().BoolVar(&readOnly, "read-only", false, "offer no tool that files a proposal")
	return c
}

func runMCPServe(ctx context.Context, env Env, readOnly bool) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	forget, err := recordServer(env.Dirs)
	if err != nil {
		return err
	}
	defer forget()
	err = mcp.Serve(ctx, mcp.Config{Version: Version(), Boxes: boxes, ReadOnly: readOnly}, env.In, env.Out)
	if errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) {
		return nil // the client is gone: the way every session ends
	}
	return err
}
