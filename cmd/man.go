package cmd

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newManCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages into a directory",
		Example: "  exeat man ~/.local/share/man/man1",
		Args:    args(1, 1, "the directory"),
		RunE: func(c *cobra.Command, words []string) error {
			if err := os.MkdirAll(words[0], 0o755); err != nil {
				return fmt.Errorf("make directory for manual pages: %w", err)
			}
			c.Root().DisableAutoGenTag = true
			header := &doc.GenManHeader{Title: "EXEAT", Section: "1", Source: "exeat " + Version(), Manual: "Exeat"}
			if err := doc.GenManTree(c.Root(), header, words[0]); err != nil {
				return fmt.Errorf("write manual pages: %w", err)
			}
			_, err := fmt.Fprintf(env.Err, "manual pages written to %s\n", words[0])
			return err
		},
	}
}
