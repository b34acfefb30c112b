package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"exeat/docs"
)

// topics are the pages of the manual that `exeat help TOPIC` prints.
var topics = []struct{ name, file, short string }{
	{"policy-language", "policy.md", "How a policy file is written and what it means"},
	{"threat-model", "threat-model.md", "What a sandbox and an approval protect, and what not"},
}

func addTopics(root *cobra.Command) {
	for _, topic := range topics {
		text, err := docs.Manual.ReadFile(topic.file)
		if err != nil {
			panic(err) // embedded at build time
		}
		root.AddCommand(&cobra.Command{Use: topic.name, Short: topic.short, Long: strings.TrimSpace(string(text))})
	}
}
