package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"exeat/store"
)

type logsOptions struct {
	name   string
	follow bool
	denied bool
	since  time.Duration
	limit  int
	all    bool
	json   bool
}

func newLogsCommand(env Env) *cobra.Command {
	opts := logsOptions{}
	c := &cobra.Command{
		Use: "logs NAME", Short: "Show what a sandbox asked for and what it was answered",
		Long: `Show the decisions of a sandbox, oldest first: one line each for what was
allowed, and for every denial the whole record: what was asked, where, by which
program, and why it was refused.`,
		Example: "  exeat logs demo --denied --since 10m\n  exeat logs demo --follow\n  exeat logs demo --all --json > demo.jsonl",
		Args:    args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			opts.name, opts.json = words[0], asJSON(c)
			if err := opts.check(c.Flags().Changed("tail")); err != nil {
				return &usageError{err: err}
			}
			return runLogs(c.Context(), env, opts)
		},
	}
	c.Flags().BoolVarP(&opts.follow, "follow", "f", false, "go on as decisions are made")
	c.Flags().BoolVar(&opts.denied, "denied", false, "only denials")
	c.Flags().DurationVar(&opts.since, "since", 0, "only decisions of the last `duration` (10m, 2h)")
	c.Flags().IntVarP(&opts.limit, "tail", "n", 1000, "only the last `count` decisions")
	c.Flags().BoolVar(&opts.all, "all", false, "all decisions that the record still has")
	completeSandboxes(env, c)
	return c
}

func (o logsOptions) check(tail bool) error {
	switch {
	case o.all && tail:
		return errors.New("--all and --tail contradict each other")
	case o.limit < 1 || o.limit > store.MaxPage:
		return fmt.Errorf("--tail %d: want a number from 1 to %d, or --all", o.limit, store.MaxPage)
	}
	return nil
}

func runLogs(ctx context.Context, env Env, opts logsOptions) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	info, err := boxes.Get(ctx, opts.name)
	if err != nil {
		return err
	}
	reader, err := store.OpenDecisionReader(ctx, env.Dirs, info.ID)
	if err != nil {
		return err
	}
	defer reader.Close()
	filter := filterOf(env, opts)
	decisions, err := reader.Decisions(ctx, filter)
	if err != nil {
		return err
	}
	if len(decisions) == 0 && !opts.json {
		fmt.Fprintln(env.Err, nothingYet(opts))
	}
	newer := newerDecisions(reader, filter, decisions)
	for opts.all && err == nil && len(decisions) > 0 {
		if err = printDecisions(env, decisions, opts.json); err == nil {
			decisions, err = newer(ctx)
		}
	}
	if err == nil {
		err = printDecisions(env, decisions, opts.json)
	}
	if err != nil || !opts.follow {
		return err
	}
	return follow(ctx, env, newer, opts.json)
}

func filterOf(env Env, opts logsOptions) store.DecisionFilter {
	f := store.DecisionFilter{Denied: opts.denied, Limit: opts.limit}
	if opts.all {
		f.Oldest, f.Limit = true, store.MaxPage
	}
	if opts.since > 0 {
		f.Since = env.Now().Add(-opts.since)
	}
	return f
}

func nothingYet(opts logsOptions) string {
	if opts.denied {
		return "nothing was denied"
	}
	return "nothing was asked for"
}

// newerDecisions returns, at each call, what was decided since the one before.
func newerDecisions(reader *store.DecisionReader, filter store.DecisionFilter, shown []store.Decision) func(context.Context) ([]store.Decision, error) {
	return func(ctx context.Context) ([]store.Decision, error) {
		if len(shown) > 0 {
			filter.AfterID = shown[len(shown)-1].ID
		}
		more, err := reader.Decisions(ctx, filter)
		if len(more) > 0 {
			shown = more
		}
		return more, err
	}
}

// followInterval is how often new decisions are looked for; a person cannot tell it from at once.
const followInterval = 200 * time.Millisecond

func follow(ctx context.Context, env Env, newer func(context.Context) ([]store.Decision, error), json bool) error {
	tick := time.NewTicker(followInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done(): // the user's Ctrl-C is the way to end it
			return nil
		case <-tick.C:
		}
		decisions, err := newer(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := printDecisions(env, decisions, json); err != nil {
			return err
		}
	}
}
