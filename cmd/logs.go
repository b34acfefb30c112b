package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"exeat/store"
)

type logsOptions struct {
	name   string
	follow bool
	denied bool
	since  moment
	tail   tailFlag
	all    bool
	host   string
	policy string
	json   bool
}

const logsHelp = `Show the decisions of a sandbox, oldest first: one line each for what was
allowed, and for every denial the whole record: what was asked, where, by which
program, and why it was refused.

Of what was allowed, status= is the answer's, bytes= what came in and went out,
took= how long it lasted; open still runs. Where failed= stands, the answer is
not the origin's, or not whole: upstream_unreachable (no such name, or nobody
listens), upstream_tls (its certificate or TLS), upstream_timeout,
upstream_broke_off, client_gone (the program hung up), or the code of a denial
that ended it.`

func newLogsCommand(env Env) *cobra.Command {
	opts := logsOptions{tail: tailFlag{count: 1000}}
	c := &cobra.Command{
		Use: "logs NAME", Short: "Show what a sandbox asked for and what it was answered", Long: logsHelp,
		Example: "  exeat logs demo --denied --since 10m\n  exeat logs demo --host api.github.com --since \"2026-11-26 11:00\"\n" +
			"  exeat logs demo --follow --tail 0\n  exeat logs demo --all --json > demo.jsonl",
		Args: args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			opts.name, opts.json = words[0], asJSON(c)
			if err := opts.check(c.Flags().Changed("tail")); err != nil {
				return err
			}
			return runLogs(c.Context(), env, opts)
		},
	}
	opts.flags(c.Flags())
	completeSandboxes(env, c)
	_ = c.RegisterFlagCompletionFunc("policy", completeBlocks(env))
	for _, name := range []string{"since", "tail", "host"} {
		_ = c.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return c
}

func (o *logsOptions) flags(f *pflag.FlagSet) {
	f.BoolVarP(&o.follow, "follow", "f", false, "go on as decisions are made")
	f.BoolVar(&o.denied, "denied", false, "only denials")
	f.Var(&o.since, "since", "only decisions of the last while (10m, 2h, 1d), or since a `time`")
	f.VarP(&o.tail, "tail", "n", "only the last `count` decisions; 0 with --follow: only new ones; all")
	f.BoolVar(&o.all, "all", false, "all decisions that the record still has")
	f.StringVar(&o.host, "host", "", "only what went to this `host`")
	f.StringVar(&o.policy, "policy", "", "only what this `block` of the policy decided")
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
	filter := opts.filter(env.Now())
	decisions, err := reader.Decisions(ctx, filter)
	if err != nil {
		return err
	}
	newer := newerDecisions(reader, filter, decisions)
	if opts.tail.count == 0 {
		decisions = nil
	} else if len(decisions) == 0 && !opts.json {
		fmt.Fprintln(env.Err, nothingYet(opts))
	}
	view := logView{json: opts.json}
	if info.Running {
		view.since = info.StartedAt
	}
	err = printDecisions(env, view, decisions)
	for opts.all && err == nil && len(decisions) > 0 {
		if decisions, err = newer(ctx); err == nil {
			err = printDecisions(env, view, decisions)
		}
	}
	if err != nil || !opts.follow {
		return err
	}
	err = follow(ctx, env, view, untilDeleted(boxes.Store, info.ID, newer))
	if errors.Is(err, errDeleted) {
		fmt.Fprintf(env.Err, "sandbox %s was deleted\n", info.Name)
		return nil
	}
	return err
}

// newerDecisions returns, at each call, what was decided since the one before.
func newerDecisions(reader *store.DecisionReader, filter store.DecisionFilter, shown []store.Decision) func(context.Context) ([]store.Decision, error) {
	return func(ctx context.Context) ([]store.Decision, error) {
		filter.Oldest, filter.Limit = true, store.MaxPage // whatever --tail says of what was there before
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

// errDeleted ends what follows a sandbox that there is no more.
var errDeleted = errors.New("the sandbox was deleted")

// untilDeleted is newer, and errDeleted once nothing is new and the sandbox is gone.
func untilDeleted(st *store.Store, id string, newer func(context.Context) ([]store.Decision, error)) func(context.Context) ([]store.Decision, error) {
	return func(ctx context.Context) ([]store.Decision, error) {
		decisions, err := newer(ctx)
		if err != nil || len(decisions) > 0 {
			return decisions, err
		}
		if _, err = st.SandboxByID(ctx, id); errors.Is(err, store.ErrNotFound) {
			err = errDeleted
		}
		return nil, err
	}
}

// followInterval is how often new decisions are looked for; a person cannot tell it from at once.
const followInterval = 200 * time.Millisecond

func follow(ctx context.Context, env Env, view logView, newer func(context.Context) ([]store.Decision, error)) error {
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
		if err := printDecisions(env, view, decisions); err != nil {
			return err
		}
	}
}
