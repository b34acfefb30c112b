package sandbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"exeat/sandbox"
	"exeat/sandbox/control"
	"exeat/sandbox/repo"
)

// newSource makes a repository with one commit.
func newSource(t *testing.T) *repo.Source {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "work")
	script := `git init -q -b main "$1" && cd "$1" && echo one >file && git add -A && git -c user.name=x -c user.email=x@x commit -q -m first`
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", script, "sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	source, err := repo.Find(t.Context(), dir, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// A checkout that was cut off is done by the next start; one that was finished is
// the agent's.
func TestCheckoutIsDoneOnce(t *testing.T) {
	boxes := newBoxes(t)
	args := frozen(t, "box", testPolicy)
	args.Repo = newSource(t)
	args.Spec.Repo = sandbox.RepoOf(args.Repo)
	create(t, boxes, args)
	again := func(change string) string {
		if got := run(t, boxes, "box", "sh", "-c", change); got.exit != 0 {
			t.Fatalf("got %+v", got)
		}
		if err := boxes.Stop(t.Context(), "box"); err != nil {
			t.Fatal(err)
		}
		if _, err := boxes.Start(t.Context(), "box"); err != nil {
			t.Fatal(err)
		}
		return run(t, boxes, "box", "sh", "-c", "cat file .git/index >/dev/null && cat file").out
	}
	if got := again("echo two >file"); got != "two\n" {
		t.Errorf("got %q, want the agent's file", got)
	}
	dir := control.Dir(boxes.Dirs.Sandbox(args.ID))
	if err := os.Rename(dir.Refs(), dir.NewRefs()); err != nil {
		t.Fatal(err)
	}
	if got := again("rm file .git/index; touch .git/index.lock"); got != "one\n" {
		t.Errorf("got %q, want the checkout", got)
	}
}

// The objects of a repository that lies in exeat's own files are refused, as every mount is.
func TestRepositoryInOwnFiles(t *testing.T) {
	boxes := newBoxes(t)
	args := frozen(t, "box", testPolicy)
	args.Repo = newSource(t)
	args.Repo.Objects = []string{boxes.Dirs.State}
	args.Spec.Repo = sandbox.RepoOf(args.Repo)
	if _, err := boxes.Create(t.Context(), args); err == nil || !strings.Contains(err.Error(), "exeat's own files") {
		t.Errorf("got %v", err)
	}
	if all, err := boxes.List(t.Context()); len(all) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", all, err)
	}
}
