package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"exeat/sandbox/changes"
	"exeat/sandbox/control"
	"exeat/sandbox/repo"
	"exeat/store"
)

// RepoOf is the record of a repository that a new sandbox gets a checkout of.
func RepoOf(s *repo.Source) *store.Repo {
	return &store.Repo{Source: s.Tree, GitDir: s.GitDir, Objects: s.Objects, Format: s.Format, Base: s.Base, Path: "/sandbox/" + s.Name()}
}

// makeRepo lays out the sandbox's git directory, before anything runs that could
// be in the way.
func (s *Sandboxes) makeRepo(args CreateArgs) error {
	if args.Repo == nil {
		return nil
	}
	dir := s.dir(args.ID)
	if err := args.Repo.WriteRefs(dir.NewRefs()); err != nil {
		return fmt.Errorf("sandbox directory: %w", err)
	}
	return args.Repo.WriteOwn(filepath.Join(dir.Home(), filepath.Base(args.Spec.Repo.Path)), args.Spec.HostUID, args.Spec.HostGID)
}

// checkOutTime bounds the first checkout.
const checkOutTime = 10 * time.Minute

// checkOut fills the work tree. The git of the sandbox does it, in the sandbox: the
// content of a repository must not make anything run with the rights of the host.
// Without configuration no filter is known, so files of Git LFS stay pointers. Where it
// was cut off, by a power loss for one, the next start does it again; never afterwards.
func (s *Sandboxes) checkOut(ctx context.Context, box store.Sandbox) error {
	dir := s.dir(box.ID)
	if _, err := os.Stat(dir.NewRefs()); box.Spec.Repo == nil || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	client, err := s.Connect(ctx, box.Name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkOutTime)
	defer cancel()
	run := inside(client, box.Spec.Repo.Path, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	exit, words, err := run(ctx, nil, io.Discard, "sh", "-c", "rm -f .git/index.lock; exec git -c checkout.workers=0 read-tree --reset -u HEAD")
	if err == nil && exit != 0 {
		err = errors.New(strings.TrimSpace(words))
	}
	if err != nil {
		return fmt.Errorf("check out %s: %w", box.Spec.Repo.Source, err)
	}
	return os.Rename(dir.NewRefs(), dir.Refs())
}

// inside runs programs in a sandbox for package changes.
func inside(client *control.Client, dir string, env ...string) changes.Inside {
	env = append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_LFS_SKIP_SMUDGE=1", "GIT_OPTIONAL_LOCKS=0")
	return func(ctx context.Context, in io.Reader, out io.Writer, argv ...string) (int, string, error) {
		stream, err := client.Exec(ctx, control.ExecRequest{Argv: argv, Dir: dir, Env: env})
		if err != nil {
			return 0, "", err
		}
		defer context.AfterFunc(ctx, func() { stream.Close() })()
		words := &beginning{}
		exit, err := stream.Copy(in, out, words)
		return exit, words.String(), err
	}
}

// beginning keeps the first few lines of what a program complains of.
type beginning struct{ bytes.Buffer }

const maxWords = 8 << 10 // bytes

func (b *beginning) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), maxWords-b.Len())])
	return len(p), nil
}

// Changes takes over what a sandbox made of its repository: the files, and with
// branches what was committed. A stopped sandbox is started without its command for
// that, and stopped again. The caller calls done.
func (s *Sandboxes) Changes(ctx context.Context, info Info, branches bool) (c *changes.Changes, done func(), err error) {
	r := info.Spec.Repo
	if r == nil {
		return nil, nil, &Error{
			Text: fmt.Sprintf("sandbox %q has no repository of its own", info.Name),
			Way:  "exeat sandbox create --repo DIR gives it one",
		}
	}
	leave, err := s.wake(ctx, info)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, leave()) }()
	client, err := s.Connect(ctx, info.Name)
	if err != nil {
		return nil, nil, err
	}
	scratch, err := os.MkdirTemp(string(s.dir(info.ID)), "scratch-")
	if err != nil {
		return nil, nil, err
	}
	done = func() { _ = os.RemoveAll(scratch) }
	git, err := repo.Scratch(scratch, s.dir(info.ID).Refs(), r.Format, r.Objects)
	if err == nil && branches {
		c, err = changes.Branches(ctx, inside(client, r.Path), git, r.Base)
	} else if err == nil {
		c, err = changes.Files(ctx, inside(client, r.Path), git, r.Base)
	}
	if err != nil {
		done()
		return nil, nil, broken(info, err)
	}
	return c, done, nil
}

// broken says where the files are when the agent has broken its repository.
func broken(info Info, err error) error {
	var e *changes.BrokenError
	if !errors.As(err, &e) {
		return err
	}
	way := fmt.Sprintf("exeat sandbox start -d %[1]s; exeat sandbox exec %[1]s -- git status", info.Name)
	if info.Running {
		way = fmt.Sprintf("exeat sandbox exec %s -- git status", info.Name)
	}
	return &Error{Text: e.Error(), Way: way, Err: err}
}

// wake starts a sandbox that is stopped. What it returns stops it again and keeps
// the exit code that its command had.
func (s *Sandboxes) wake(ctx context.Context, info Info) (leave func() error, err error) {
	if info.Running {
		return func() error { return nil }, nil
	}
	if _, err := s.start(ctx, info.Sandbox); err != nil {
		return nil, err
	}
	return func() error {
		ctx := context.WithoutCancel(ctx)
		return errors.Join(s.Stop(ctx, info.Name), s.Store.UpdateSandbox(ctx, info.ID, store.SandboxUpdate{ExitCode: &info.ExitCode}))
	}, nil
}

// Unpulled are the branches with commits that the host's repository does not have.
func (s *Sandboxes) Unpulled(ctx context.Context, info Info, host repo.Git) ([]string, error) {
	leave, err := s.wake(ctx, info)
	if err != nil {
		return nil, err
	}
	client, err := s.Connect(ctx, info.Name)
	if err != nil {
		return nil, errors.Join(err, leave())
	}
	branches, err := changes.Unpulled(ctx, inside(client, info.Spec.Repo.Path), host)
	return branches, errors.Join(err, leave())
}

// Count says how many files of a running sandbox differ from what it started with.
func (s *Sandboxes) Count(ctx context.Context, box store.Sandbox) (int, error) {
	client, err := s.Connect(ctx, box.Name)
	if err != nil {
		return 0, err
	}
	return changes.Count(ctx, inside(client, box.Spec.Repo.Path), box.Spec.Repo.Base)
}
