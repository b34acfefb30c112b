package changes

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"exeat/sandbox/repo"
)

// Move is a branch that a pull brought.
type Move struct {
	Branch  string // its name in the sandbox
	Ref     string // refs/remotes/NAME/BRANCH on the host
	How     string // new, updated, forced, unchanged
	Old     string // the commit it was here; "" when it is new
	New     string
	Commits int // that the host did not have on this branch
}

// The values of Move.How.
const (
	MoveNew       = "new"
	MoveUpdated   = "updated"
	MoveForced    = "forced" // commits that were here before are no longer in it
	MoveUnchanged = "unchanged"
)

// Pull brings branches into the repository host, as those of a remote called
// name; all that moved when none is named. Nothing is merged: HEAD, index and files
// stay as they are, and so do the user's own branches.
func (c *Changes) Pull(ctx context.Context, host repo.Git, name string, wanted []string) ([]Move, error) {
	if err := freeRemote(ctx, host, name); err != nil {
		return nil, err
	}
	refs, err := c.choose(name, wanted)
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	var moves []Move
	for _, r := range refs {
		m, err := c.move(ctx, host, name, r)
		if err != nil {
			return nil, err
		}
		moves = append(moves, m)
	}
	return moves, c.deliver(ctx, host, moves)
}

// freeRemote refuses a sandbox with the name of a remote: its branches would
// pass for that one's.
func freeRemote(ctx context.Context, host repo.Git, name string) error {
	out, err := host.Output(ctx, "remote")
	for line := range strings.Lines(out + "\n") {
		if strings.TrimSuffix(line, "\n") == name {
			return &repo.Error{Text: fmt.Sprintf("the repository has a remote called %q, and a sandbox's branches must not pass for its", name), Way: "git remote rename " + name + " NEW-NAME"}
		}
	}
	return err
}

func (c *Changes) choose(name string, wanted []string) ([]repo.Ref, error) {
	if len(wanted) == 0 {
		return c.branches, nil
	}
	var refs []repo.Ref
	for _, want := range wanted {
		found := false
		for _, r := range c.branches {
			if r.Name == "refs/heads/"+want {
				refs, found = append(refs, r), true
			}
		}
		if !found {
			return nil, &repo.Error{Text: fmt.Sprintf("no branch %q in the sandbox has anything new", repo.Visible(want)), Way: "exeat sandbox pull " + name}
		}
	}
	return refs, nil
}

// move compares a branch with what an earlier pull left of it.
func (c *Changes) move(ctx context.Context, host repo.Git, name string, r repo.Ref) (Move, error) {
	branch := strings.TrimPrefix(r.Name, "refs/heads/")
	m := Move{Branch: branch, Ref: "refs/remotes/" + name + "/" + branch, New: r.Object, How: MoveNew}
	var err error
	if m.Old, err = host.Output(ctx, "rev-parse", "--verify", "--quiet", m.Ref); err != nil {
		m.Old = ""
	}
	since := []string{"--not", "--all", c.base}
	switch {
	case m.Old == m.New:
		m.How = MoveUnchanged
		return m, nil
	case m.Old != "":
		since = []string{"^" + m.Old}
		if m.How, err = c.how(ctx, m); err != nil {
			return m, err
		}
	}
	out, err := c.git.Output(ctx, append([]string{"rev-list", "--count", m.New}, since...)...)
	if err != nil {
		return m, err
	}
	m.Commits, err = strconv.Atoi(out)
	return m, err
}

func (c *Changes) how(ctx context.Context, m Move) (string, error) {
	err := c.git.Run(ctx, nil, nil, "merge-base", "--is-ancestor", m.Old, m.New)
	var failed *repo.Failure
	switch {
	case err == nil:
		return MoveUpdated, nil
	case errors.As(err, &failed) && failed.Code == 1:
		return MoveForced, nil
	}
	return "", err
}

// deliver has the host's git fetch from the scratch repository, which checks
// every object once more, and moves all refs or none.
func (c *Changes) deliver(ctx context.Context, host repo.Git, moves []Move) error {
	var create strings.Builder
	args := []string{
		"-c", "fetch.fsckObjects=true", "-c", "protocol.file.allow=always", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
		"fetch", "--quiet", "--atomic", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules", "--", c.git.Dir(),
	}
	for i, m := range moves {
		if m.How == MoveUnchanged {
			continue
		}
		// Named by number there: a name of the sandbox's is said only once, as a ref's end.
		fmt.Fprintf(&create, "create refs/inside/%d %s\n", i, m.New)
		args = append(args, fmt.Sprintf("+refs/inside/%d:%s", i, m.Ref))
	}
	if create.Len() == 0 {
		return nil
	}
	if err := c.git.Run(ctx, strings.NewReader(create.String()), nil, "update-ref", "--stdin"); err != nil {
		return err
	}
	return host.Run(ctx, nil, nil, args...)
}
