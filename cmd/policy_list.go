package cmd

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"exeat/store"
)

func newPolicyListCommand(env Env) *cobra.Command {
	return ofSandbox(env, "list NAME", "List the revisions of a sandbox's policy, and who approved each", runPolicyList)
}

// revisionRow is a revision as JSON.
type revisionRow struct {
	Revision int       `json:"revision"`
	Status   string    `json:"status"`
	Digest   string    `json:"digest"`
	Source   string    `json:"source"`
	Approver string    `json:"approver,omitempty"`
	Strength string    `json:"strength,omitempty"`
	Problem  string    `json:"problem,omitempty"`
	Created  time.Time `json:"created_at"`
}

func runPolicyList(ctx context.Context, env Env, name string, json bool) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return err
	}
	revisions, err := boxes.Store.Revisions(ctx, info.ID)
	if err != nil {
		return err
	}
	if json {
		return writeJSON(env.Out, revisionRows(revisions))
	}
	var rows [][]string
	for i, r := range revisions {
		status := r.Status
		if status == "loaded" && slices.ContainsFunc(revisions[i+1:], func(later store.Revision) bool { return later.Status == "loaded" }) {
			status = "replaced" // it was loaded once
		}
		approver := cmp.Or(shortKey(r.Approver), "unsigned")
		if r.Strength != "" {
			approver += " (" + r.Strength + ")"
		}
		rows = append(rows, []string{
			strconv.Itoa(r.Number), status, r.Digest[:12], r.Source, approver,
			r.CreatedAt.Local().Format(time.DateTime), r.Problem,
		})
	}
	return table(env.Out, []string{"REVISION", "STATUS", "DIGEST", "SOURCE", "APPROVED BY", "CREATED", "PROBLEM"}, rows)
}

func revisionRows(revisions []store.Revision) []revisionRow {
	rows := []revisionRow{}
	for _, r := range revisions {
		rows = append(rows, revisionRow{r.Number, r.Status, r.Digest, r.Source, r.Approver, r.Strength, r.Problem, r.CreatedAt})
	}
	return rows
}

// shortKey abbreviates a fingerprint so that a row fits a terminal; --json has it whole.
func shortKey(fingerprint string) string {
	const enough = len("SHA256:") + 8
	if len(fingerprint) <= enough {
		return fingerprint
	}
	return fingerprint[:enough] + "..."
}
