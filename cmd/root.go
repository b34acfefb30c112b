package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The groups of the root's help, in the order a new user meets them.
const (
	groupSandbox  = "sandbox"
	groupPolicy   = "policy"
	groupApproval = "approval"
	groupOther    = "other"
)

func newRootCommand(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "exeat",
		Short:         "Run coding agents in rootless sandboxes and decide what they may reach",
		Long:          rootHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       Version(),
		Args:          cobra.ArbitraryArgs,
		RunE:          helpOrUnknown,
	}
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.SetVersionTemplate("exeat {{.Version}}\n")
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().Bool("json", false, "print JSON")
	root.AddGroup(
		&cobra.Group{ID: groupSandbox, Title: "Sandboxes:"},
		&cobra.Group{ID: groupPolicy, Title: "Policy:"},
		&cobra.Group{ID: groupApproval, Title: "Approval:"},
		&cobra.Group{ID: groupOther, Title: "Other:"},
	)
	addTo(root, groupSandbox, newSandboxCommand(env), newLogsCommand(env), newProviderCommand(env))
	addTo(root, groupPolicy, newPolicyCommand(env))
	addTo(root, groupApproval, newProposalCommand(env), newApproveCommand(env), newRejectCommand(env), newApproverCommand(env), newAuditCommand(env))
	addTo(root, groupOther, newDoctorCommand(env), newMCPCommand(env), newVersionCommand(env), newManCommand(env))
	addCompletion(root)
	addTopics(root)
	return root
}

const rootHelp = `Exeat runs coding agents you do not have to trust. The agent lives in a sandbox
without root; a proxy is its only way out; a YAML policy says which program may
send which request where. When the agent needs more, a change is proposed and
you approve exactly that change.

  exeat sandbox create -- claude          start an agent in a sandbox
  exeat logs NAME --denied                what it was refused
  exeat proposal list                     what somebody asks you to allow
  exeat approve ID                        allow exactly that`

func addTo(parent *cobra.Command, group string, children ...*cobra.Command) {
	for _, child := range children {
		child.GroupID = group
		parent.AddCommand(child)
	}
}

// parent is a command that only groups others: alone it prints its help, with
// a word it does not know it is a usage mistake, never silently the help.
func parent(use, short string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, RunE: helpOrUnknown}
	c.AddCommand(children...)
	return c
}

func helpOrUnknown(c *cobra.Command, words []string) error {
	if len(words) == 0 {
		return c.Help()
	}
	return unknownCommand(c, words[0])
}

func unknownCommand(c *cobra.Command, word string) error {
	hint := c.CommandPath() + " --help"
	c.SuggestionsMinimumDistance = 2 // letters; cobra's own default counts only for its own messages
	if near := c.SuggestionsFor(word); len(near) > 0 {
		hint = "did you mean: " + c.CommandPath() + " " + strings.Join(near, ", ")
	}
	return &usageError{fmt.Errorf("unknown command %q for %q", word, c.CommandPath()), hint}
}

// flagError says of a flag's value what it should have been, in place of the
// name of the Go function that could not read it.
func flagError(_ *cobra.Command, err error) error {
	text, reason, found := strings.Cut(err.Error(), " flag: ")
	switch {
	case !found || !strings.HasPrefix(text, "invalid argument"):
		return &usageError{err: err}
	case strings.HasPrefix(reason, "time: "):
		reason = "want a duration, such as 10m or 2h"
	case strings.HasPrefix(reason, "strconv."):
		reason = "want a number"
	}
	return &usageError{err: fmt.Errorf("%s: %s", text, reason)}
}

// args checks the number of words and says in a sentence what they are.
func args(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, words []string) error {
		if len(words) < least {
			return &usageError{err: errors.New("missing: " + what)}
		}
		if most >= 0 && len(words) > most {
			return &usageError{err: fmt.Errorf("too many words: want %s, got %q", what, words)}
		}
		return nil
	}
}

// asJSON reads the root's --json.
func asJSON(c *cobra.Command) bool {
	on, _ := c.Flags().GetBool("json")
	return on
}
