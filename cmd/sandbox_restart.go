package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"exeat/approvals/grant"
	"exeat/policy"
)

type restartOptions struct {
	name   string
	detach bool
	paths  pathFlags
}

func newSandboxRestartCommand(env Env) *cobra.Command {
	opts := restartOptions{}
	c := &cobra.Command{
		Use: "restart NAME", Short: "Stop a sandbox and start it with the paths approved meanwhile",
		Long: `Stop a sandbox and start it again: same command, same files in /sandbox, newest
approved policy. Paths that were approved while it ran are shown from then on.

--ro and --rw add paths of this machine to what it shows. That widens the
sandbox, so you read and sign it first, as with approve; nothing is stopped
before that.

EXIT STATUS
  that of the command, 128+N when signal N ended it; 0 with --detach
  1  the sandbox could not be started`,
		Example: "  exeat sandbox restart demo\n  exeat sandbox restart demo --ro /opt/toolchain",
		Args:    args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			opts.name = words[0]
			return runSandboxRestart(c.Context(), env, opts)
		},
	}
	c.Flags().BoolVarP(&opts.detach, "detach", "d", false, "start it without running its command")
	c.Flags().StringArrayVar(&opts.paths.readOnly, "ro", nil, "also show this `path`, read-only (repeat for more)")
	c.Flags().StringArrayVar(&opts.paths.readWrite, "rw", nil, "also show this `path`, writable (repeat for more)")
	completeSandboxes(env, c)
	return c
}

func runSandboxRestart(ctx context.Context, env Env, opts restartOptions) error {
	if err := addPaths(ctx, env, opts); err != nil {
		return err
	}
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	err = boxes.Secrets(ctx, opts.name) // before its programs are gone
	if err == nil {
		err = boxes.Stop(ctx, opts.name)
	}
	done()
	if err != nil {
		return err
	}
	return runSandboxStart(ctx, env, opts.name, opts.detach)
}

// addPaths has the paths of --ro and --rw signed.
func addPaths(ctx context.Context, env Env, opts restartOptions) error {
	operations, err := opts.paths.operations(env)
	if err != nil || len(operations) == 0 {
		return err
	}
	source := "sandbox restart"
	for _, op := range operations {
		source += map[string]string{policy.ModeReadOnly: " --ro ", policy.ModeReadWrite: " --rw "}[op.Mode] + op.Path
	}
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	info, err := boxes.Get(ctx, opts.name)
	done()
	if err != nil {
		return err
	}
	return runApprove(ctx, env, grant.Request{SandboxID: info.ID, Source: source, Operations: operations}, false)
}
