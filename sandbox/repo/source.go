package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Source is a repository of the host as it is when a sandbox gets its own.
type Source struct {
	Tree     string   // root of the work tree, without symlinks
	GitDir   string   // the git directory that all work trees share
	Objects  []string // its object directory, then those it borrows from
	Format   string   // sha1 or sha256
	Base     string   // the commit that HEAD is
	Branch   string   // the ref that HEAD points to; "" when it is detached
	Origin   string   // see [Origin]
	Upstream string   // branch of origin that Branch follows, as refs/heads/...
	Refs     []Ref    // branches, tags, and what is known of origin, by name
	Notes    []string // what does not come along, a sentence each
}

// Find reads the repository that dir lies in. What a sandbox cannot be given is
// refused with an [*Error].
func Find(ctx context.Context, dir string, environ []string) (*Source, error) {
	s, err := Locate(ctx, dir, environ)
	if err != nil {
		return nil, err
	}
	git := HostGit(s.Tree, environ)
	for _, step := range []func(context.Context, Git) error{s.readHead, s.readRefs, s.readConfig, s.note} {
		if err := step(ctx, git); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Locate is the part of Find that says which repository dir lies in.
func Locate(ctx context.Context, dir string, environ []string) (*Source, error) {
	s := &Source{}
	return s, s.place(ctx, HostGit(dir, environ), dir)
}

// place finds the directories, and refuses repositories without a work tree.
func (s *Source) place(ctx context.Context, git Git, dir string) error {
	out, err := git.Output(ctx, "rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--is-shallow-repository", "--show-object-format", "--path-format=absolute", "--git-common-dir")
	if err != nil {
		return unreadable(dir, err)
	}
	f := strings.SplitN(out, "\n", 5)
	switch {
	case len(f) != 5:
		return fmt.Errorf("repository %s: git answered %q", dir, out)
	case f[0] == "true":
		return &Error{Text: dir + " is a bare repository: it has no work tree to start from", Way: fmt.Sprintf("git -C %s worktree add DIR, then --repo DIR", dir)}
	case f[1] != "true":
		return &Error{Text: dir + " is not in a work tree", Way: "name the directory that holds the files"}
	case f[2] == "true":
		return &Error{Text: dir + " is a shallow clone: a sandbox's repository would be broken without its history", Way: fmt.Sprintf("git -C %s fetch --unshallow", dir)}
	}
	s.Format = f[3]
	if s.Tree, err = git.Output(ctx, "rev-parse", "--show-toplevel"); err != nil {
		return unreadable(dir, err)
	}
	if s.GitDir, err = filepath.EvalSymlinks(f[4]); err != nil {
		return err
	}
	s.Objects, err = objects(filepath.Join(s.GitDir, "objects"))
	return err
}

// unreadable explains why git does not read a repository.
func unreadable(dir string, err error) error {
	var failed *Failure
	switch {
	case !errors.As(err, &failed):
		return err
	case strings.Contains(failed.Words, "dubious ownership"):
		return &Error{Text: dir + " belongs to another user, and git does not trust it", Way: "git config --global --add safe.directory " + dir, Err: err}
	case strings.Contains(failed.Words, "not a git repository"):
		return &Error{Text: dir + " is not in a git repository", Way: fmt.Sprintf("--workdir %s mounts the directory itself; or: git -C %s init", dir, dir), Err: err}
	}
	return fmt.Errorf("repository %s: %w", dir, err)
}

func (s *Source) readHead(ctx context.Context, git Git) (err error) {
	if s.Base, err = git.Output(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"); err != nil {
		return &Error{Text: s.Tree + " has no commit yet: there is nothing to check out", Way: fmt.Sprintf("git -C %s commit", s.Tree), Err: err}
	}
	branch, err := git.Output(ctx, "symbolic-ref", "--quiet", "HEAD")
	if err == nil {
		s.Branch = branch
	}
	var failed *Failure
	if errors.As(err, &failed) && failed.Code == 1 {
		return nil // detached
	}
	return err
}

func (s *Source) readRefs(ctx context.Context, git Git) error {
	out, err := git.Output(ctx, "for-each-ref", "--format=%(if)%(symref)%(then)%(else)%(objectname) %(refname)%(end)", "refs/heads", "refs/tags", "refs/remotes/origin")
	for line := range strings.Lines(out) {
		if object, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok && IsObject(object) {
			s.Refs = append(s.Refs, Ref{Name: name, Object: object})
		}
	}
	return err
}

// readConfig takes the one remote a sandbox knows, and refuses clones that lack
// objects: git inside would ask a remote of the host for each.
func (s *Source) readConfig(ctx context.Context, git Git) error {
	var out bytes.Buffer
	err := git.Run(ctx, nil, &out, "config", "--null", "--get-regexp", `^(remote\.origin\.url|remote\..*\.promisor|extensions\.partialclone|branch\..*\.(merge|remote))$`)
	var failed *Failure
	if err != nil && (!errors.As(err, &failed) || failed.Code != 1) { // 1: nothing matches
		return err
	}
	values := map[string]string{}
	for entry := range strings.SplitSeq(out.String(), "\x00") {
		key, value, _ := strings.Cut(entry, "\n")
		if strings.HasSuffix(key, ".promisor") || key == "extensions.partialclone" {
			return &Error{Text: s.Tree + " is a partial clone: objects that it lacks cannot be fetched from inside", Way: fmt.Sprintf("git -C %s fetch --refetch --no-filter", s.Tree)}
		}
		values[key] = value
	}
	s.Origin = Origin(values["remote.origin.url"])
	branch := "branch." + strings.TrimPrefix(s.Branch, "refs/heads/")
	if values[branch+".remote"] == "origin" && s.Origin != "" && ValidBranch(strings.TrimPrefix(values[branch+".merge"], "refs/heads/")) {
		s.Upstream = values[branch+".merge"]
	}
	return nil
}

// note says what stays behind.
func (s *Source) note(ctx context.Context, git Git) error {
	out, err := git.Output(ctx, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal", "--ignore-submodules=all")
	if err != nil {
		return err
	}
	switch n := strings.Count(out, "\x00"); {
	case n == 1:
		s.Notes = append(s.Notes, "one file of "+s.Tree+" has changes that are not committed, and they are not in the sandbox")
	case n > 1:
		s.Notes = append(s.Notes, strconv.Itoa(n)+" files of "+s.Tree+" have changes that are not committed, and they are not in the sandbox")
	}
	if _, err := git.Output(ctx, "cat-file", "-e", s.Base+":.gitmodules"); err == nil {
		s.Notes = append(s.Notes, "submodules are not followed: their directories are empty in the sandbox")
	}
	attributes, err := git.Output(ctx, "cat-file", "blob", s.Base+":.gitattributes")
	if err == nil && slices.Contains(strings.Fields(attributes), "filter=lfs") {
		s.Notes = append(s.Notes, "files of Git LFS are pointers in the sandbox, as they are committed")
	}
	return nil
}

// Name is the checkout's directory in the sandbox. A leading dot is dropped: the
// repository must not become the sandbox's own ~/.config.
func (s *Source) Name() string {
	name := strings.TrimLeft(filepath.Base(s.Tree), ".-")
	name = strings.Map(func(r rune) rune {
		if r <= ' ' && r != ' ' || r == 0x7f {
			return '-'
		}
		return r
	}, name)
	if name == "" || name == "/" {
		return "repo"
	}
	return name
}
