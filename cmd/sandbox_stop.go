package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"exeat/sandbox"
)

const stopHelp = `Stop sandboxes; their files and their record stay.

Of a sandbox with --workdir, hand-off files that changed are listed: files that
the host's own tools run or trust, such as git hooks, .envrc or the settings of
editors and agents. They stay on the list until they are put back
(--revert-handoff) or accepted (--accept-handoff).

EXIT STATUS
  0  stopped
  3  stopped, and hand-off files of a workdir have changed`

func newSandboxStopCommand(env Env) *cobra.Command {
	var opts handoffOptions
	c := eachSandbox(env, "stop NAME...", "Stop sandboxes; their files and their record stay", "stopped",
		func(ctx context.Context, boxes *sandbox.Sandboxes, name string) error {
			return stopSandbox(ctx, env, boxes, name, opts)
		})
	c.Long = stopHelp
	opts.flags(c)
	return c
}

// stopSandbox stops one sandbox, then looks at the hand-off files of its workdir:
// nothing inside can change them any more.
func stopSandbox(ctx context.Context, env Env, boxes *sandbox.Sandboxes, name string, opts handoffOptions) error {
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return err
	}
	if err := boxes.Stop(ctx, name); err != nil {
		return err
	}
	left, err := opts.settle(env, boxes, info.Sandbox)
	if err != nil {
		return fmt.Errorf("stopped %s; hand-off files of its workdir: %w", name, err)
	}
	some := listHandoffs(env, info.Sandbox, left)
	if some {
		hintHandoffs(env, name)
	}
	return errHandoffs(some)
}

func newSandboxDeleteCommand(env Env) *cobra.Command {
	force := false
	c := eachSandbox(env, "delete NAME...", "Stop sandboxes and remove their home, revisions and record", "deleted",
		func(ctx context.Context, boxes *sandbox.Sandboxes, name string) error {
			if !force {
				if err := refuseUnpulled(ctx, env, boxes, name); err != nil {
					return err
				}
			}
			return deleteSandbox(ctx, env, boxes, name)
		})
	c.Aliases = []string{"rm"}
	c.Flags().BoolVarP(&force, "force", "f", false, "also with commits in it that were never pulled")
	return c
}

// deleteSandbox also tells of hand-off files: later nobody will know.
func deleteSandbox(ctx context.Context, env Env, boxes *sandbox.Sandboxes, name string) error {
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return err
	}
	before, unread := boxes.Baseline(info.Sandbox)
	if err := boxes.Delete(ctx, name); err != nil || unread != nil {
		return err // a baseline that is damaged is no reason to keep the sandbox
	}
	if found, err := boxes.CompareHandoffs(info.Sandbox, before); err == nil {
		listHandoffs(env, info.Sandbox, found)
	}
	return nil
}

// eachSandbox is a command that does one thing to each of the sandboxes named.
// A code of its own lets the others have their turn.
func eachSandbox(env Env, use, short, done string, do func(context.Context, *sandbox.Sandboxes, string) error) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: args(1, -1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			boxes, closeStore, err := env.open(c.Context())
			if err != nil {
				return err
			}
			defer closeStore()
			var outcome error
			for _, name := range words {
				err := do(c.Context(), boxes, name)
				if exitCode(err) == exitHandoff {
					outcome, err = err, nil
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(env.Err, "%s %s\n", done, name)
			}
			return outcome
		},
	}
	completeSandboxes(env, c)
	return c
}
