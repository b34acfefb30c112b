package cmd

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"exeat/sandbox"
	"exeat/sandbox/changes"
	"exeat/sandbox/repo"
	"exeat/store"
)

// findRepo reads the repository of --repo, and says what of it does not come along.
func findRepo(ctx context.Context, env Env, dir string) (*repo.Source, error) {
	if dir == "" {
		return nil, nil
	}
	dir, err := directory("repository", dir)
	if err != nil {
		return nil, err
	}
	source, err := repo.Find(ctx, dir, env.Environ)
	if err != nil {
		return nil, err
	}
	for _, note := range source.Notes {
		fmt.Fprintf(env.Err, "%s %s\n", env.errStyle().dim("note:"), note)
	}
	return source, nil
}

// hostRepo is the git of the repository that a sandbox was made from, which must be
// the same one still.
func hostRepo(ctx context.Context, env Env, r *store.Repo) (repo.Git, error) {
	git := repo.HostGit(r.Source, env.Environ)
	source, err := repo.Locate(ctx, r.Source, env.Environ)
	if err != nil {
		return git, err
	}
	if source.Tree != r.Source || source.GitDir != r.GitDir {
		return git, fmt.Errorf("%s is another repository than the one the sandbox was made from (%s)", r.Source, r.GitDir)
	}
	return git, nil
}

// bring takes over what a sandbox made, and hands it to do together with the git of
// the repository it goes to.
func bring(ctx context.Context, env Env, name string, branches bool, do func(*changes.Changes, repo.Git) error) error {
	boxes, closeStore, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer closeStore()
	info, err := boxes.Get(ctx, name)
	if err != nil {
		return err
	}
	made, done, err := boxes.Changes(ctx, info, branches)
	if err != nil {
		return err
	}
	defer done()
	host, err := hostRepo(ctx, env, info.Spec.Repo)
	if err != nil {
		return err
	}
	defer unix.Umask(unix.Umask(env.Umask)) // what git writes now is the user's own, not our state
	return do(made, host)
}

// sayChanged is the last line of a command that worked on a repository.
func sayChanged(ctx context.Context, env Env, boxes *sandbox.Sandboxes, box store.Sandbox) {
	what := "what changed"
	switch n, err := boxes.Count(ctx, box); {
	case err != nil: // the commands will say why
	case n == 0:
		what = "no file changed"
	case n == 1:
		what = "1 file changed"
	default:
		what = fmt.Sprintf("%d files changed", n)
	}
	fmt.Fprintf(env.Err, "%s: exeat sandbox diff %[2]s shows it, exeat sandbox pull %[2]s fetches commits, exeat sandbox apply %[2]s brings files\n", env.errStyle().bold(what), box.Name)
}

// refuseUnpulled keeps a deletion from losing commits that are nowhere else.
func refuseUnpulled(ctx context.Context, env Env, boxes *sandbox.Sandboxes, name string) error {
	info, err := boxes.Get(ctx, name)
	if err != nil || info.Spec.Repo == nil {
		return err
	}
	way := fmt.Sprintf("exeat sandbox pull %[1]s   (or: exeat sandbox delete --force %[1]s)", name)
	branches, err := boxes.Unpulled(ctx, info, repo.HostGit(info.Spec.Repo.Source, env.Environ))
	if err != nil {
		return &hintError{fmt.Errorf("cannot tell whether sandbox %q has commits that were never pulled: %w", name, err), way}
	}
	if len(branches) > 0 {
		return &hintError{fmt.Errorf("sandbox %q has commits that were never pulled, on %s", name, strings.Join(branches[:min(len(branches), 5)], ", ")), way}
	}
	return nil
}

// checkoutLine says of which repository a sandbox has a checkout.
func checkoutLine(r *store.Repo) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("%s, a checkout of %s at %.12s", r.Path, r.Source, r.Base)
}
