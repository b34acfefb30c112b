package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"exeat/docs"
)

// topics are the pages of the manual that `exeat help TOPIC` prints.
var topics = []struct{ name, file, short string }{
	{"policy-language", "policy.md", "How a policy file is written and what it means"},
	{"credentials", "credentials.md", "How secrets are lent to requests and kept out of sandboxes"},
	{"config", "config.md", "What config.yaml sets: a corporate proxy, more certificates"},
	{"threat-model", "threat-model.md", "What a sandbox and an approval protect, and what not"},
}

func addTopics(root *cobra.Command) {
	root.SetHelpCommand(newHelpCommand())
	root.SetHelpCommandGroupID(groupOther)
	for _, topic := range topics {
		text, err := docs.Manual.ReadFile(topic.file)
		if err != nil {
			panic(err) // embedded at build time
		}
		root.AddCommand(&cobra.Command{Use: topic.name, Short: topic.short, Long: strings.TrimSpace(string(text))})
	}
}

// newHelpCommand replaces cobra's, which answers a word it does not know with
// the root's help as if that was what was asked for.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about any command, and the pages of the manual",
		Example: "  exeat help sandbox create\n  exeat help policy-language",
		RunE: func(c *cobra.Command, words []string) error {
			about, rest, err := c.Root().Find(words)
			if err != nil || len(rest) > 0 && about.HasSubCommands() {
				return unknownCommand(about, rest[0])
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(c *cobra.Command, words []string, _ string) ([]string, cobra.ShellCompDirective) {
			about, _, err := c.Root().Find(words)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return names(about.Commands(), (*cobra.Command).Name), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// addCompletion adds cobra's completion command and has it refuse a shell it does not know.
func addCompletion(root *cobra.Command) {
	root.SetCompletionCommandGroupID(groupOther)
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Short, c.Args, c.RunE = "Print the completion script for a shell", nil, helpOrUnknown
			c.Example = "  source <(exeat completion bash)"
		}
	}
}
