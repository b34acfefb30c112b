package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"exeat/approvals/grant"
	"exeat/policy"
	"exeat/sandbox"
	"exeat/store"
)

type setOptions struct {
	name    string
	policy  string
	wait    bool
	timeout time.Duration
	json    bool
}

func newPolicySetCommand(env Env) *cobra.Command {
	opts := setOptions{}
	c := &cobra.Command{
		Use: "set NAME --policy FILE", Short: "Put a policy of your own in force",
		Long: `Put a policy file in force in a sandbox. You see what it changes and sign it, as
with approve. What is fixed when a sandbox is created (filesystem_policy,
landlock, process) is compared and not applied. Warnings are those of
policy check.

EXIT STATUS
  0    loaded, or nothing to change
  1    failed; the policy in force is what it was, unless the error says that the
       new one is
  124  the supervisor did not say in time that it is loaded`,
		Example: "  exeat policy set demo --policy /tmp/sandbox-policy-update.yaml --wait",
		Args:    args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			opts.name, opts.json = words[0], asJSON(c)
			return runPolicySet(c.Context(), env, opts)
		},
	}
	c.Flags().StringVarP(&opts.policy, "policy", "p", "", "policy `file` (required)")
	c.Flags().BoolVar(&opts.wait, "wait", false, "return only when the supervisor has it loaded")
	c.Flags().DurationVar(&opts.timeout, "timeout", 30*time.Second, "with --wait: how long")
	completeSandboxes(env, c)
	return c
}

func runPolicySet(ctx context.Context, env Env, opts setOptions) error {
	if opts.policy == "" {
		return &usageError{errors.New("missing: --policy FILE"), fmt.Sprintf("exeat policy set %s --policy policy.yaml --wait", opts.name)}
	}
	text, file, err := readPolicy(env, opts.policy)
	if err != nil {
		return err
	}
	if _, problems := policy.Parse(file, text); problems.HasErrors() {
		return &policyError{problems, opts.policy}
	}
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	info, err := boxes.Get(ctx, opts.name)
	if err != nil {
		return err
	}
	before, err := boxes.Store.LatestRevision(ctx, info.ID)
	if err != nil {
		return err
	}
	err = runApprove(ctx, env, grant.Request{SandboxID: info.ID, File: file, Text: text}, opts.json)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return settleTimeout(ctx, env, boxes, unsettled{opts, before, err})
}

// unsettled is a change whose supervisor did not answer in time.
type unsettled struct {
	setOptions
	before store.Revision // the newest one until then
	cause  error
}

// settleTimeout finds out how far the change came, and with --wait waits for the rest.
func settleTimeout(ctx context.Context, env Env, boxes *sandbox.Sandboxes, u unsettled) error {
	newest, err := boxes.Store.LatestRevision(ctx, u.before.Sandbox)
	switch {
	case err != nil:
		return errors.Join(u.cause, err)
	case newest.Number == u.before.Number:
		err := fmt.Errorf("the supervisor of sandbox %q does not answer: nothing was signed", u.name)
		return &codeError{exitTimeout, &hintError{err, hintOf(u.cause)}}
	case !u.wait:
		return u.cause
	}
	client, err := boxes.Connect(ctx, u.name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, u.timeout)
	defer cancel()
	number, err := client.Await(ctx, newest.Number-1)
	if errors.Is(err, context.DeadlineExceeded) {
		return &codeError{exitTimeout, fmt.Errorf("revision %d is signed and not loaded after %s", newest.Number, u.timeout)}
	}
	if err == nil {
		fmt.Fprintf(env.Err, "revision %d of sandbox %s is in force\n", number, u.name)
	}
	return err
}
