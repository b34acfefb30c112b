package cmd

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"exeat/approvals"
	"exeat/approvals/grant"
)

func newApproveCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "approve ID", Short: "Read a proposed change and put exactly that in force",
		Long: `Show a proposal: what it newly permits, what speaks against it, the diff. You
type the six digits of its digest and the passphrase of your key; the sandbox's
supervisor checks the signature itself and loads the policy. The command returns
when it is in force.

EXIT STATUS
  0  in force, or in force at the next start of a stopped sandbox
  1  not approved, or not loaded`,
		Example: "  exeat proposal list\n  exeat approve 3",
		Args:    args(1, 1, "the number of a proposal"),
		RunE: func(c *cobra.Command, words []string) error {
			id, err := proposalID(words[0])
			if err != nil {
				return err
			}
			return runApprove(c.Context(), env, grant.Request{Proposal: id}, asJSON(c))
		},
	}
}

func proposalID(word string) (int64, error) {
	id, err := strconv.ParseInt(word, 10, 64)
	if err != nil || id < 1 {
		return 0, &usageError{fmt.Errorf("%q is not the number of a proposal", word), "exeat proposal list"}
	}
	return id, nil
}

// runApprove reviews a change, has it signed, and puts it in force.
func runApprove(ctx context.Context, env Env, request grant.Request, json bool) error {
	st, err := env.Store(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	fingerprint, err := env.approver()
	if err != nil {
		return err
	}
	grants, err := env.grants(st, fingerprint)
	if err != nil {
		return err
	}
	pending, err := grant.Prepare(ctx, grants, request)
	if err != nil {
		return err
	}
	warn(env, pending.Warnings)
	warnStatic(env, pending.Static)
	for _, note := range pending.Notes {
		fmt.Fprintf(env.Err, "%s %s\n", env.errStyle().warn("note:"), note)
	}
	result, err := commit(ctx, env, pending)
	if err != nil {
		return err
	}
	if err := printResult(env, pending, result, json); err != nil || request.Source != "" { // a restart follows
		return err
	}
	if pending.Restart && result.Loaded && !json {
		fmt.Fprintf(env.Err, "its paths are shown after: exeat sandbox restart %s\n", pending.Sandbox.Name)
	}
	return nil
}

// commit has what was prepared read and signed, unless there is nothing to sign.
func commit(ctx context.Context, env Env, pending *grant.Pending) (outcome, error) {
	if pending.Unchanged {
		result, err := pending.Commit(ctx, nil)
		return outcome{Result: result}, err
	}
	show, err := reviewText(env, pending.Review)
	if err != nil {
		return outcome{}, err
	}
	signer, err := sign(ctx, env, statement{show, pending.Review.Digest})
	if err != nil {
		return outcome{}, err
	}
	defer signer.Close()
	signed := env.Now()
	result, err := pending.Commit(ctx, signer)
	return outcome{Result: result, Took: env.Now().Sub(signed)}, err
}

// outcome is what became of a change, and how long it took from the signature on.
type outcome struct {
	grant.Result
	Took time.Duration `json:"took_ns"`
}

// reviewText renders a review for the terminal it is about to be shown on.
func reviewText(env Env, review approvals.Review) (string, error) {
	var text strings.Builder
	err := approvals.Render(&text, review, reviewStyle(env.errStyle()))
	return "\n" + text.String() + "\n", err
}

func reviewStyle(paint style) approvals.Style {
	return approvals.Style{Heading: paint.bold, Added: paint.good, Removed: paint.bad, Alarm: paint.bad, Faint: paint.dim, Width: 100}
}

func warnStatic(env Env, differences []string) {
	for _, difference := range differences {
		fmt.Fprintf(env.Err, "%s %s: fixed when the sandbox was created, not applied%s\n", env.errStyle().warn("warning:"), difference, wayOf(difference))
	}
}

// wayOf says what would apply a static difference.
func wayOf(difference string) string {
	list, path, adds := strings.Cut(difference, ": adds ")
	switch {
	case adds && list == "filesystem_policy.read_only":
		return "; to show it: exeat sandbox restart NAME --ro " + path
	case adds && list == "filesystem_policy.read_write":
		return "; to show it: exeat sandbox restart NAME --rw " + path
	}
	return "; it needs a new sandbox"
}

func printResult(env Env, pending *grant.Pending, result outcome, json bool) error {
	if json {
		return writeJSON(env.Out, result)
	}
	name := pending.Sandbox.Name
	switch {
	case pending.Unchanged:
		fmt.Fprintf(env.Err, "unchanged: revision %d of sandbox %s says this already\n", result.Revision, name)
	case result.Loaded:
		fmt.Fprintf(env.Err, "%s revision %d of sandbox %s is in force, %d ms after the signature\n", env.errStyle().good("approved:"), result.Revision, name, result.Took.Milliseconds())
	default:
		fmt.Fprintf(env.Err, "%s revision %d of sandbox %s: %s\n", env.errStyle().good("approved:"), result.Revision, name, result.Waiting)
	}
	return nil
}
