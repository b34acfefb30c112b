package changes_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"exeat/sandbox/changes"
	"exeat/sandbox/repo"
)

// world is a repository of a host and one that an agent works on.
type world struct {
	host, box string
	base      string
	source    *repo.Source
}

func newWorld(t *testing.T) world {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := world{host: dir + "/host", box: dir + "/box"}
	git(t, dir, "init", "-q", "-b", "main", w.host)
	write(t, w.host+"/file", "one\n")
	write(t, w.host+"/gone", "gone\n")
	git(t, w.host, "add", "-A")
	git(t, w.host, "commit", "-q", "-m", "first")
	git(t, dir, "clone", "-q", "--shared", w.host, w.box)
	w.base = git(t, w.host, "rev-parse", "HEAD")
	w.source, err = repo.Find(t.Context(), w.host, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, dir string, args ...string) string { return gitIn(t, dir, "", args...) }

func gitIn(t *testing.T, dir, input string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=x", "-c", "user.email=x@x"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(input)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, words.String())
	}
	return strings.TrimSpace(string(out))
}

// agent runs what package changes asks for where the agent works.
func (w world) agent(ctx context.Context, in io.Reader, out io.Writer, argv ...string) (int, string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var words bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = w.box, in, out, &words
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return exit.ExitCode(), words.String(), nil
	}
	return 0, words.String(), err
}

// liar is an agent whose answers are made up: the listing and the pack.
func liar(listing string, pack io.Reader) changes.Inside {
	return func(_ context.Context, in io.Reader, out io.Writer, argv ...string) (int, string, error) {
		if argv[0] == "sh" {
			_, err := io.WriteString(out, listing)
			return 0, "", err
		}
		_, err := io.Copy(out, pack)
		return 0, "", err
	}
}

func (w world) scratch(t *testing.T) repo.Git {
	t.Helper()
	dir := t.TempDir()
	if err := w.source.WriteRefs(dir + "/refs"); err != nil {
		t.Fatal(err)
	}
	scratch, err := repo.Scratch(dir+"/scratch", dir+"/refs", w.source.Format, w.source.Objects)
	if err != nil {
		t.Fatal(err)
	}
	return scratch
}

func (w world) hostGit() repo.Git { return repo.HostGit(w.host, os.Environ()) }

// files takes over the files, which must work.
func (w world) files(t *testing.T) (*changes.Changes, []changes.Entry) {
	t.Helper()
	made, err := changes.Files(t.Context(), w.agent, w.scratch(t), w.base)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := made.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return made, entries
}
