package cmd

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"exeat/approvals"
)

func newProposalCommand(env Env) *cobra.Command {
	return parent("proposal", "Show what somebody asks you to allow", newProposalListCommand(env), newProposalShowCommand(env))
}

// desk opens the proposals. The caller calls close.
func (e Env) desk(ctx context.Context) (desk *approvals.Desk, close func(), err error) {
	st, err := e.Store(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &approvals.Desk{Store: st, Dirs: e.Dirs, Now: e.Now}, func() { _ = st.Close() }, nil
}

func newProposalListCommand(env Env) *cobra.Command {
	all := false
	c := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List proposals that wait for you", Args: args(0, 0, "nothing"),
		RunE: func(c *cobra.Command, _ []string) error {
			return runProposalList(c.Context(), env, all, asJSON(c))
		},
	}
	c.Flags().BoolVarP(&all, "all", "a", false, "also those that are decided")
	return c
}

func runProposalList(ctx context.Context, env Env, all, json bool) error {
	desk, done, err := env.desk(ctx)
	if err != nil {
		return err
	}
	defer done()
	filter := approvals.Filter{Status: approvals.Pending}
	if all {
		filter.Status = ""
	}
	proposals, err := desk.List(ctx, filter)
	if err != nil {
		return err
	}
	if json {
		return writeJSON(env.Out, list(proposals))
	}
	if len(proposals) == 0 {
		fmt.Fprintln(env.Err, "no proposals wait for you")
		return nil
	}
	var rows [][]string
	for _, p := range proposals {
		rows = append(rows, []string{
			strconv.FormatInt(p.ID, 10), p.Sandbox, p.Status, p.CreatedAt.Local().Format(time.DateTime), p.Proposer, excerpt(p.Untrusted.Reason),
		})
	}
	return table(env.Out, []string{"ID", "SANDBOX", "STATUS", "FILED", "BY", "IN ITS OWN WORDS"}, rows)
}

// excerpt keeps a list on one line; `proposal show` has the rest.
func excerpt(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.TrimSpace(text[:most-3]) + "..."
}

func newProposalShowCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show what a proposal changes and permits", Args: args(1, 1, "the number of a proposal"),
		RunE: func(c *cobra.Command, words []string) error {
			return runProposalShow(c.Context(), env, words[0], asJSON(c))
		},
	}
}

func runProposalShow(ctx context.Context, env Env, word string, json bool) error {
	id, err := proposalID(word)
	if err != nil {
		return err
	}
	desk, done, err := env.desk(ctx)
	if err != nil {
		return err
	}
	defer done()
	review, err := desk.ShowFiled(ctx, id)
	if err != nil {
		return err
	}
	if json {
		return writeJSON(env.Out, review)
	}
	return approvals.Render(env.Out, review, reviewStyle(env.outStyle()))
}

func newRejectCommand(env Env) *cobra.Command {
	reason := ""
	c := &cobra.Command{
		Use: "reject ID --reason TEXT", Short: "Refuse a proposal and say why", Args: args(1, 1, "the number of a proposal"),
		Example: `  exeat reject 3 --reason "one repository is enough"`,
		RunE: func(c *cobra.Command, words []string) error {
			return runReject(c.Context(), env, words[0], reason)
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why, in `words` the proposer reads (required)")
	return c
}

func runReject(ctx context.Context, env Env, word, reason string) error {
	id, err := proposalID(word)
	if err != nil {
		return err
	}
	desk, done, err := env.desk(ctx)
	if err != nil {
		return err
	}
	defer done()
	p, err := desk.Reject(ctx, id, reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "rejected proposal %d for sandbox %s\n", p.ID, p.Sandbox)
	return nil
}
