package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"exeat/sandbox"
	"exeat/sandbox/control"
	"exeat/store"
)

const startHelp = `Start a stopped sandbox: same command, same files in /sandbox, newest approved
policy. --detach starts it without its command.

EXIT STATUS
  that of the command, 128+N when signal N ended it; 0 with --detach
  1  the sandbox could not be started`

func newSandboxStartCommand(env Env) *cobra.Command {
	detach := false
	c := &cobra.Command{
		Use: "start NAME", Short: "Start a stopped sandbox: same command, newest approved policy",
		Long: startHelp,
		Args: args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			return runSandboxStart(c.Context(), env, words[0], detach)
		},
	}
	c.Flags().BoolVarP(&detach, "detach", "d", false, "start it without running its command")
	completeSandboxes(env, c)
	return c
}

func runSandboxStart(ctx context.Context, env Env, name string, detach bool) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	started, err := boxes.Start(ctx, name)
	if err != nil {
		return err
	}
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return err
	}
	announce(env, "started", info.Sandbox, started)
	if detach || len(info.Spec.Command) == 0 {
		return nil
	}
	return runMain(ctx, env, boxes, info.Sandbox)
}

// announce says what is there now, on standard error.
func announce(env Env, verb string, box store.Sandbox, started sandbox.Started) {
	paint := env.errStyle()
	for _, warning := range started.Warnings {
		fmt.Fprintf(env.Err, "%s %s\n", paint.warn("warning:"), warning)
	}
	trust := "frozen: its policy cannot be widened"
	if !box.Spec.Frozen {
		trust = "policy changes need the approval of " + names(box.Spec.Approvers, func(a store.Approver) string { return a.Name + " " + a.Fingerprint })[0]
	}
	fmt.Fprintf(env.Err, "%s sandbox %s (%s)\n", verb, paint.bold(box.Name), trust)
}

// runMain runs the sandbox's own command and waits for it.
func runMain(ctx context.Context, env Env, boxes *sandbox.Sandboxes, box store.Sandbox) error {
	client, err := boxes.Connect(ctx, box.Name)
	if err != nil {
		return err
	}
	before, err := boxes.Baseline(box)
	if err != nil {
		return err
	}
	return afterMain(env, boxes, box, before, waitMain(ctx, env, boxes, box, client))
}

// waitMain returns when the command has ended, and with --no-keep the sandbox.
func waitMain(ctx context.Context, env Env, boxes *sandbox.Sandboxes, box store.Sandbox, client *control.Client) error {
	outcome := attach(ctx, env, client, box.Name, control.ExecRequest{Argv: box.Spec.Command, Main: true})
	var refused *control.Error // the command did not even start
	failed := errors.As(outcome, &refused)
	switch {
	case failed && box.Spec.NoKeep: // nothing ends that would end the sandbox
		return errors.Join(outcome, boxes.Delete(context.WithoutCancel(ctx), box.Name))
	case failed:
		way := "exeat sandbox delete " + box.Name + "   (it is there without its command; or: exeat sandbox connect " + box.Name + ")"
		return &hintError{outcome, strings.TrimSpace(hintOf(outcome) + "\n" + way)}
	case box.Spec.NoKeep:
		return errors.Join(outcome, removed(context.WithoutCancel(ctx), boxes, box))
	case box.Spec.Repo != nil:
		sayChanged(context.WithoutCancel(ctx), env, boxes, box)
	}
	return outcome
}

// removalLimit is how long a supervisor may take to end everything and remove itself.
const removalLimit = 15 * time.Second

// removed waits until the supervisor has deleted its sandbox, so that the name
// is free when this command returns and nothing of it is left. Its directory goes last.
func removed(ctx context.Context, boxes *sandbox.Sandboxes, box store.Sandbox) error {
	ctx, cancel := context.WithTimeout(ctx, removalLimit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := boxes.Store.SandboxByID(ctx, box.ID)
		if _, gone := os.Lstat(boxes.Dirs.Sandbox(box.ID)); errors.Is(err, store.ErrNotFound) && errors.Is(gone, fs.ErrNotExist) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return &hintError{fmt.Errorf("sandbox %q is not deleted after %s", box.Name, removalLimit), "exeat sandbox delete " + box.Name}
		}
	}
}
