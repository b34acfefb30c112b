package changes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"exeat/sandbox/repo"
)

// collectTime bounds everything that waits for the sandbox.
const collectTime = 5 * time.Minute

// Changes is what a sandbox made, in a scratch repository on the host.
type Changes struct {
	// Incomplete says, in the sandbox's words, which files are missing.
	Incomplete string
	// Refused are names of branches that cannot be taken over.
	Refused []string

	git      repo.Git
	base     string
	snapshot string
	head     string
	branches []repo.Ref // that differ from those the sandbox started with
}

// Files takes over the files as they are in the sandbox now. scratch is where
// [repo.Scratch] made a repository for this one use.
func Files(ctx context.Context, inside Inside, scratch repo.Git, base string) (*Changes, error) {
	return collect(ctx, inside, scratch, base, false)
}

// Branches takes over the files and every branch that moved.
func Branches(ctx context.Context, inside Inside, scratch repo.Git, base string) (*Changes, error) {
	return collect(ctx, inside, scratch, base, true)
}

func collect(ctx context.Context, inside Inside, scratch repo.Git, base string, branches bool) (*Changes, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, collectTime, fmt.Errorf("the sandbox did not answer within %v", collectTime))
	defer cancel()
	l, err := list(ctx, inside, base)
	if err != nil {
		return nil, orCause(ctx, err)
	}
	c := &Changes{git: scratch, base: base, snapshot: l.snapshot, head: l.head, Incomplete: l.words}
	if branches {
		c.Refused = l.refused
		if err := c.keepMoved(ctx, l.branches); err != nil {
			return nil, err
		}
	}
	for _, step := range []func(context.Context, Inside) error{c.fetch, c.check} {
		if err := step(ctx, inside); err != nil {
			return nil, orCause(ctx, err)
		}
	}
	return c, nil
}

// orCause says that time is over where it is, and not what that broke.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// keepMoved drops the branches that are as the sandbox got them.
func (c *Changes) keepMoved(ctx context.Context, branches []repo.Ref) error {
	out, err := c.git.Output(ctx, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads")
	if err != nil {
		return err
	}
	given := map[string]bool{}
	for line := range strings.Lines(out) {
		given[strings.TrimSuffix(line, "\n")] = true
	}
	c.branches = slices.DeleteFunc(branches, func(r repo.Ref) bool { return given[r.Object+" "+r.Name] })
	return nil
}

// tips are the objects wanted.
func (c *Changes) tips() []string {
	tips := []string{c.snapshot}
	for _, r := range c.branches {
		tips = append(tips, r.Object)
	}
	return tips
}

// fetch has the git inside pack what the host lacks, and unpacks it here. The pack
// may be anything of any length: index-pack verifies every object and every link,
// and reads no more than it may (git-index-pack(1), --strict, --max-input-size).
func (c *Changes) fetch(ctx context.Context, inside Inside) error {
	known, err := c.git.Output(ctx, "for-each-ref", "--format=^%(objectname)")
	if err != nil {
		return err
	}
	wanted := strings.Join(c.tips(), "\n") + "\n^" + c.base + "\n" + known + "\n"
	from, to := io.Pipe()
	unpacked := make(chan error, 1)
	go func() {
		err := c.git.Run(ctx, from, io.Discard, "index-pack", "--stdin", "--strict", "--fix-thin", fmt.Sprintf("--max-input-size=%d", maxPack))
		from.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		unpacked <- err
	}()
	exit, words, err := inside(ctx, strings.NewReader(wanted), to, "git", "-c", "pack.threads=2", "pack-objects", "--revs", "--thin", "--delta-base-offset", "--stdout", "-q")
	to.Close()
	failed := <-unpacked
	switch {
	case err == nil && exit != 0:
		return brokenInside(words)
	case failed != nil:
		return refusedPack(failed)
	}
	return err
}

func refusedPack(err error) error {
	var failed *repo.Failure
	if !errors.As(err, &failed) {
		return err
	}
	if strings.Contains(failed.Words, "maximum allowed size") {
		return &repo.Error{Text: fmt.Sprintf("the changes are more than %d MiB compressed, so nothing was taken out of the sandbox", maxPack>>20), Way: "remove large files there, or name them in .gitignore", Err: err}
	}
	return fmt.Errorf("what the sandbox sent is not sound, and nothing of it was taken: %w", err)
}

// check makes sure that the tips are commits and that all they consist of is there.
func (c *Changes) check(ctx context.Context, _ Inside) error {
	tips := strings.Join(c.tips(), "\n") + "\n"
	var kinds bytes.Buffer
	if err := c.git.Run(ctx, strings.NewReader(tips), &kinds, "cat-file", "--batch-check=%(objecttype)"); err != nil {
		return err
	}
	if kinds.String() != strings.Repeat("commit\n", len(c.tips())) {
		return errors.New("what the sandbox sent is not sound, and nothing of it was taken: a branch is not a commit")
	}
	err := c.git.Run(ctx, strings.NewReader(tips+"^"+c.base+"\n"), io.Discard, "rev-list", "--objects", "--quiet", "--stdin", "--not", "--all")
	if err != nil {
		return refusedPack(err)
	}
	return nil
}
