package cmd

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"exeat/sandbox"
	"exeat/sandbox/baseline"
	"exeat/sandbox/repo"
	"exeat/store"
)

// handoffOptions are what a person wants done about changed hand-off files.
type handoffOptions struct{ revert, accept bool }

func (o *handoffOptions) flags(c *cobra.Command) {
	c.Flags().BoolVar(&o.revert, "revert-handoff", false, "put the hand-off files of the workdir back as they were")
	c.Flags().BoolVar(&o.accept, "accept-handoff", false, "take the hand-off files of the workdir as they are for good")
	c.MarkFlagsMutuallyExclusive("revert-handoff", "accept-handoff") // for completion
	c.PreRunE = func(*cobra.Command, []string) error {
		if o.revert && o.accept {
			return &usageError{err: errors.New("--revert-handoff and --accept-handoff exclude each other: the one puts back what the other takes for good")}
		}
		return nil
	}
}

// settle does what the options say, and returns what is still to be looked at.
func (o handoffOptions) settle(env Env, boxes *sandbox.Sandboxes, box store.Sandbox) (sandbox.Handoffs, error) {
	switch {
	case o.revert:
		undone, left, err := boxes.RevertHandoffs(box)
		printUndone(env, undone)
		return left, err
	case o.accept:
		accepted, err := boxes.AcceptHandoffs(box)
		if err == nil && accepted.Before != nil {
			fmt.Fprintf(env.Err, "accepted %d changes of hand-off files\n", len(accepted.Changes()))
		}
		return sandbox.Handoffs{}, err
	}
	return boxes.Handoffs(box)
}

func printUndone(env Env, undone []baseline.Undone) {
	for _, u := range undone {
		if u.Err != nil {
			fmt.Fprintf(env.Err, "%s %s is not put back: %s\n", env.errStyle().bad("error:"), repo.Visible(u.Path), repo.Visible(u.Err.Error()))
			continue
		}
		fmt.Fprintf(env.Err, "%s %s\n", u.Did, repo.Visible(u.Path))
	}
}

// handoffsShown is how many changed hand-off files are listed when a command ends.
const handoffsShown = 50

// listHandoffs tells of hand-off files that changed, before anything else is
// said, and whether there are any.
func listHandoffs(env Env, box store.Sandbox, h sandbox.Handoffs) bool {
	changes := h.Changes()
	if h.After != nil && h.After.Cut && !h.Before.Cut {
		fmt.Fprintf(env.Err, "%s %s has more files now than are searched: hand-off files may be among those not seen\n", env.errStyle().warn("warning:"), repo.Visible(box.Spec.Workdir))
	} else if len(changes) == 0 {
		return false
	}
	fmt.Fprintf(env.Err, "%s hand-off files of %s changed; the host's own tools run or trust them:\n", env.errStyle().warn("warning:"), repo.Visible(box.Spec.Workdir))
	printChanges(env.Err, changes[:min(len(changes), handoffsShown)])
	if more := len(changes) - handoffsShown; more > 0 {
		fmt.Fprintf(env.Err, "  and %d more\n", more)
	}
	return true
}

func printChanges(w io.Writer, changes []baseline.Change) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range changes {
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", c.What, repo.Visible(c.Path), repo.Visible(c.Why)+became(c))
	}
	_ = tw.Flush() // to a terminal or a pipe; who has closed it does not read
}

// became says more where a path is something else now, or points elsewhere.
func became(c baseline.Change) string {
	switch {
	case c.After == nil:
		return ""
	case c.What == baseline.Mode:
		return fmt.Sprintf(" (mode %04o, was %04o)", c.After.Mode, c.Before.Mode)
	case c.After.Kind == baseline.Link:
		return " (symbolic link to " + repo.Visible(c.After.Target) + ")"
	case c.Before != nil && c.Before.Kind != c.After.Kind:
		return fmt.Sprintf(" (%s, was %s)", c.After.Kind, c.Before.Kind)
	case c.After.Kind == baseline.Other:
		return " (" + string(c.After.Kind) + ")"
	}
	return ""
}

// hintHandoffs says what can be done about them.
func hintHandoffs(env Env, name string) {
	hint := env.errStyle().dim("hint:")
	fmt.Fprintf(env.Err, "%s exeat sandbox diff %s   (what changed in them)\n", hint, name)
	fmt.Fprintf(env.Err, "%s exeat sandbox stop --revert-handoff %s   (put them back; or: --accept-handoff)\n", hint, name)
}

// errHandoffs ends a command with the code that says there are some.
func errHandoffs(any bool) error {
	if any {
		return &codeError{code: exitHandoff}
	}
	return nil
}

// afterMain compares the workdir when the sandbox's command has ended, and keeps
// the command's own exit code.
func afterMain(env Env, boxes *sandbox.Sandboxes, box store.Sandbox, before *baseline.Snapshot, outcome error) error {
	found, err := boxes.CompareHandoffs(box, before)
	if err != nil {
		return errors.Join(outcome, fmt.Errorf("hand-off files of workdir: %w", err))
	}
	if listHandoffs(env, box, found) && !box.Spec.NoKeep {
		hintHandoffs(env, box.Name)
	}
	return outcome
}
