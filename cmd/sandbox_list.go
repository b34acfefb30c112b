package cmd

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"exeat/sandbox"
	"exeat/store"
)

func newSandboxListCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List sandboxes", Args: args(0, 0, "nothing"),
		RunE: func(c *cobra.Command, _ []string) error {
			return runSandboxList(c.Context(), env, asJSON(c))
		},
	}
}

// sandboxRow is a sandbox as JSON.
type sandboxRow struct {
	Name      string    `json:"name"`
	ID        string    `json:"id"`
	State     string    `json:"state"`
	Paused    string    `json:"paused,omitempty"` // why, where State is paused
	Frozen    bool      `json:"frozen"`
	Revision  int       `json:"revision"`
	Pending   int       `json:"pending_proposals"`
	Command   []string  `json:"command"`
	Workdir   string    `json:"workdir,omitempty"`
	Providers []string  `json:"providers"`
	Created   time.Time `json:"created_at"`
}

func runSandboxList(ctx context.Context, env Env, json bool) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	all, err := boxes.List(ctx)
	if err != nil {
		return err
	}
	rows := []sandboxRow{}
	for _, info := range all {
		row, err := newSandboxRow(ctx, boxes, info)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	paused := boxes.Paused(ctx, all)
	for i := range rows {
		rows[i].heed(paused[rows[i].ID])
	}
	if json {
		return writeJSON(env.Out, rows)
	}
	return printSandboxes(env, rows)
}

func newSandboxRow(ctx context.Context, boxes *sandbox.Sandboxes, info sandbox.Info) (sandboxRow, error) {
	rev, err := boxes.Store.LatestRevision(ctx, info.ID)
	if err != nil {
		return sandboxRow{}, err
	}
	providers, err := boxes.Providers(ctx, info.Sandbox)
	if err != nil {
		return sandboxRow{}, err
	}
	pending, err := boxes.Store.Proposals(ctx, store.ProposalFilter{Sandbox: info.ID, Status: "pending"})
	return sandboxRow{
		Name: info.Name, ID: info.ID, State: stateOf(info), Frozen: info.Spec.Frozen, Revision: rev.Number,
		Pending: len(pending), Command: list(info.Spec.Command), Workdir: info.Spec.Workdir,
		Providers: list(names(providers, func(p store.ProviderRef) string { return p.Name })), Created: info.CreatedAt,
	}, err
}

// heed takes over from a supervisor that it has paused its sandbox.
func (r *sandboxRow) heed(why string) {
	if why != "" {
		r.State, r.Paused = statePaused, why
	}
}

const statePaused = "paused"

// stateOf is what the lock says, not what was last written down.
func stateOf(info sandbox.Info) string {
	if info.Running {
		return "running"
	}
	return "stopped"
}

func printSandboxes(env Env, rows []sandboxRow) error {
	if len(rows) == 0 {
		_, err := env.Err.Write([]byte("no sandboxes (make one: exeat sandbox create -- bash)\n"))
		return err
	}
	var cells [][]string
	for _, r := range rows {
		policy := "revision " + strconv.Itoa(r.Revision)
		if r.Frozen {
			policy += ", frozen"
		}
		if r.Pending > 0 {
			policy += ", " + strconv.Itoa(r.Pending) + " proposed"
		}
		cells = append(cells, []string{r.Name, r.State, policy, r.Created.Local().Format(time.DateTime), cmp.Or(strings.Join(r.Command, " "), "-")})
	}
	if err := table(env.Out, []string{"NAME", "STATE", "POLICY", "CREATED", "COMMAND"}, cells); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Paused != "" {
			fmt.Fprintf(env.Err, "%s is paused: %s\n", r.Name, r.Paused)
		}
	}
	return nil
}
