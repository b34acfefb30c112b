package cmd

import (
	"context"
	"encoding/json"
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
	json   bool
}

func newLogsCommand(env Env) *cobra.Command {
	opts := logsOptions{}
	c := &cobra.Command{
		Use: "logs NAME", Short: "Show what a sandbox asked for and what it was answered",
		Long: `Show the decisions of a sandbox, oldest first: one line each for what was
allowed, and for every denial the whole record: what was asked, where, by which
program, and why it was refused.`,
		Example: "  exeat logs demo --denied --since 10m\n  exeat logs demo --follow",
		Args:    args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			opts.name, opts.json = words[0], asJSON(c)
			if opts.limit < 1 || opts.limit > store.MaxPage {
				return &usageError{err: fmt.Errorf("--tail %d: want a number from 1 to %d", opts.limit, store.MaxPage)}
			}
			return runLogs(c.Context(), env, opts)
		},
	}
	c.Flags().BoolVarP(&opts.follow, "follow", "f", false, "go on as decisions are made")
	c.Flags().BoolVar(&opts.denied, "denied", false, "only denials")
	c.Flags().DurationVar(&opts.since, "since", 0, "only decisions of the last `duration` (10m, 2h)")
	c.Flags().IntVarP(&opts.limit, "tail", "n", 1000, "only the last `count` decisions")
	completeSandboxes(env, c)
	return c
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
	filter := store.DecisionFilter{Denied: opts.denied, Limit: opts.limit}
	if opts.since > 0 {
		filter.Since = env.Now().Add(-opts.since)
	}
	decisions, err := reader.Decisions(ctx, filter)
	if err != nil {
		return err
	}
	if len(decisions) == 0 && !opts.json {
		fmt.Fprintln(env.Err, nothingYet(opts))
	}
	if err := printDecisions(env, decisions, opts.json); err != nil || !opts.follow {
		return err
	}
	return follow(ctx, env, newerDecisions(reader, filter, decisions), opts.json)
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

// printDecisions prints one JSON object a line, or text for people.
func printDecisions(env Env, decisions []store.Decision, asJSON bool) error {
	enc := json.NewEncoder(env.Out)
	enc.SetEscapeHTML(false)
	for _, d := range decisions {
		var err error
		switch {
		case asJSON:
			err = enc.Encode(logRecord(d))
		case d.Verdict == store.VerdictDeny:
			err = printDenial(env, d)
		default:
			err = printAllowed(env, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func printAllowed(env Env, d store.Decision) error {
	what := d.Layer
	if d.Method != "" {
		what = d.Method + " " + d.Target
	}
	binary := d.Exe
	if d.Tainted != "" {
		binary += " tainted=" + d.Tainted
	}
	_, err := fmt.Fprintf(env.Out, "%s %s %s:%d %s  policy=%s binary=%s status=%d bytes=%d/%d id=%d%s\n",
		d.Time.Local().Format(time.DateTime), env.outStyle().good(d.Verdict), d.Host, d.Port, what, d.Policy, binary, d.Status, d.BytesIn, d.BytesOut, d.ID, allowedFor(d))
	return err
}

// allowedFor is what of an allowed request its method and path do not say: what
// its body asked for, or why it would have been denied where that is not enforced.
// It is quoted, as part of it may be chosen in the sandbox: a name in a query
// must not pass for a field of this line.
func allowedFor(d store.Decision) string {
	switch {
	case d.Reason == "":
		return ""
	case d.Verdict == store.VerdictAllow:
		return fmt.Sprintf(" asked=%q", d.Reason)
	}
	return fmt.Sprintf(" not_enforced=%q", d.Reason)
}

func printDenial(env Env, d store.Decision) error {
	head := d.Time.Local().Format(time.DateTime) + " " + env.outStyle().bad("deny")
	if d.Count > 1 {
		head += fmt.Sprintf(" (%d times)", d.Count)
	}
	fmt.Fprintln(env.Out, head)
	if err := pairs(env.Out, denialFields(d)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(env.Out)
	return err
}
