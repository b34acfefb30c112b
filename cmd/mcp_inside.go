package cmd

import (
	"github.com/spf13/cobra"

	"exeat/mcp/inside"
)

// insideURL is where every sandbox finds its own endpoint.
const insideURL = "http://exeat.local/mcp"

func newMCPInsideCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "inside", Short: "Within a sandbox: serve its read-only endpoint over stdio", Args: args(0, 0, "nothing"),
		Long: `Connect an agent within a sandbox to the sandbox's read-only endpoint, for
agents that start their MCP servers as programs: the binary is at
/exeat/bin/exeat in every sandbox.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return inside.Bridge(c.Context(), insideURL, env.In, env.Out)
		},
	}
}
