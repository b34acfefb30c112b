package baseline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/baseline"
)

// take reads a tree.
func take(t testing.TB, tr *baseline.Tree, before *baseline.Snapshot, globs ...string) *baseline.Snapshot {
	t.Helper()
	s, err := tr.Take(globs, before)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tree makes files, or symlinks where the text begins with "-> ".
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, files)
	return dir
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, link := strings.CutPrefix(text, "-> "); link {
			err = os.Symlink(to, at)
		} else {
			err = os.WriteFile(at, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func open(t testing.TB, dir string) *baseline.Tree {
	t.Helper()
	tr, err := baseline.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

func list(s *baseline.Snapshot) []string {
	var all []string
	for _, e := range s.Entries {
		if e.Kind != baseline.Dir {
			all = append(all, e.Path)
		}
	}
	return all
}

// repository is what git makes.
func repository(at string) map[string]string {
	return map[string]string{
		at + "/HEAD": "ref: refs/heads/main\n", at + "/config": "[core]\n", at + "/objects/aa/bb": "x", at + "/refs/heads/main": "x",
		at + "/hooks/pre-commit": "x", at + "/logs/HEAD": "x", at + "/index": "x", at + "/info/exclude": "x",
	}
}

// Every hand-off file is found wherever it lies, and of a git directory what
// git runs, not what every commit changes.
func TestTake(t *testing.T) {
	dir := tree(t, map[string]string{
		"main.go": "x", ".envrc": "x", "a/b/.vscode/tasks.json": "x", "node_modules/p/.envrc": "x",
		"wt/.git": "gitdir: ../.git/worktrees/wt\n", "odd/plist.plist": "x",
		".git/worktrees/wt/HEAD": "x", ".git/worktrees/wt/commondir": "../..\n", ".git/worktrees/wt/gitdir": "x", ".git/worktrees/wt/config.worktree": "x", ".git/worktrees/wt/index": "x",
		".git/info/attributes": "x", ".git/rebase-merge/git-rebase-todo": "x", ".git/COMMIT_EDITMSG": "-> /etc/hostname",
		"escape": "-> ../../../out", "inside": "-> main.go", "python": "-> /usr/bin/python3",
		"CLAUDE.md": "-> docs/agents", "docs/agents": "x",
		".cursor": "-> shared", "shared/mcp.json.off": "x",
	})
	write(t, dir, repository(".git"))
	write(t, dir, repository(".git/modules/lib/deep"))
	write(t, dir, repository("planted"))
	write(t, dir, repository("real"))
	write(t, dir, map[string]string{"gl/.git": "-> ../real", ".git/hooks/pre-push.sample": "x"})
	os.WriteFile(dir+"/.git/config", []byte("[core]\n\thooksPath = tools/githooks\n"), 0o644)
	write(t, dir, map[string]string{"tools/githooks/pre-push": "x"})
	got := list(take(t, open(t, dir), nil, "**/*.plist"))
	want := []string{
		".cursor", ".envrc", ".git/COMMIT_EDITMSG", ".git/config", ".git/hooks/pre-commit", ".git/info/attributes",
		".git/modules/lib/deep/config", ".git/modules/lib/deep/hooks/pre-commit", ".git/rebase-merge/git-rebase-todo",
		".git/worktrees/wt/commondir", ".git/worktrees/wt/config.worktree", ".git/worktrees/wt/gitdir",
		"CLAUDE.md", "a/b/.vscode/tasks.json", "docs/agents", "escape", "odd/plist.plist", "planted/config", "planted/hooks/pre-commit",
		"gl/.git", "real/config", "real/hooks/pre-commit", "shared/mcp.json.off", "tools/githooks/pre-push", "wt/.git",
	}
	if os.Geteuid() == 0 {
		want = append(want, "python") // root could write there
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// What is pinned is each file, or its directory, and every directory on the way.
func TestPins(t *testing.T) {
	dir := tree(t, map[string]string{"a/b/.vscode/x/y": "x", ".envrc": "x", "link/.mcp.json": "x", ".claude": "-> link"})
	write(t, dir, repository(".git"))
	unix.Mkfifo(dir+"/.env", 0o600)
	pins, beyond := take(t, open(t, dir), nil).Pins()
	var got []string
	for _, p := range pins {
		got = append(got, fmt.Sprint(p.Path, " ", p.ReadOnly))
	}
	want := []string{
		".envrc true", ".git false", ".git/config true", ".git/hooks true",
		"a false", "a/b false", "a/b/.vscode true", "link true",
	}
	if !slices.Equal(got, want) || beyond != 0 {
		t.Errorf("got  %q, %d\nwant %q", got, beyond, want)
	}
}

// Whatever is done to hand-off files is listed, and undone without following
// what was put in the way.
func TestCompareAndRevert(t *testing.T) {
	victim := tree(t, map[string]string{"settings.json": "mine"})
	dir := tree(t, map[string]string{
		".envrc": "one\n", ".mcp.json": "x", "sub/.env": "x", ".vscode/tasks.json": "x", "CLAUDE.md": "-> main.go", "main.go": "x",
		".npmrc": "x", "gone/.env": "secret", "turned/.env": "x", ".husky/run": "x",
	})
	os.Chmod(dir+"/.npmrc", 0o600)
	write(t, dir, repository(".git"))
	tr := open(t, dir)
	file := filepath.Join(t.TempDir(), "baseline")
	if err := take(t, tr, nil).Save(file); err != nil {
		t.Fatal(err)
	}
	before, err := baseline.Load(file)
	if err != nil {
		t.Fatal(err)
	}

	os.WriteFile(dir+"/.envrc", []byte("two\n"), 0o644)
	os.Remove(dir + "/.mcp.json")
	os.Mkdir(dir+"/.mcp.json", 0o755) // a directory in a file's place
	write(t, dir, map[string]string{".mcp.json/x": "x"})
	os.Chmod(dir+"/sub/.env", 0o777)
	os.RemoveAll(dir + "/.vscode")
	os.Symlink(victim, dir+"/.vscode")
	os.Remove(dir + "/CLAUDE.md")
	os.Symlink("/etc/passwd", dir+"/CLAUDE.md")
	os.Remove(dir + "/.npmrc")
	unix.Mkfifo(dir+"/.npmrc", 0o600)
	os.RemoveAll(dir + "/gone")
	os.RemoveAll(dir + "/turned")
	os.Symlink(victim, dir+"/turned")
	os.Link(dir+"/main.go", dir+"/.husky/run2")
	write(t, dir, map[string]string{".claude/hooks/a\n\x1b[2J": "evil", "new/.git/hooks/post-checkout": "evil"})
	write(t, dir, repository("new/.git"))

	after := take(t, tr, before)
	var got []string
	for _, c := range baseline.Compare(before, after) {
		got = append(got, c.What+" "+c.Path)
		if c.Why == "" {
			t.Errorf("%s: no reason", c.Path)
		}
	}
	want := []string{
		"new .claude/hooks/a\n\x1b[2J", "changed .envrc", "new .husky/run2", "changed .mcp.json", "new .mcp.json/x", "changed .npmrc",
		"changed .vscode", "removed .vscode/tasks.json", "changed CLAUDE.md", "removed gone/.env", "new new/.git/config",
		"new new/.git/hooks/post-checkout", "new new/.git/hooks/pre-commit", "mode changed sub/.env", "new turned", "removed turned/.env",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}

	for _, u := range tr.Revert(before, after) {
		if u.Err != nil && u.Path != "turned/.env" {
			t.Errorf("%q: %v", u.Path, u.Err)
		}
	}
	if left := baseline.Compare(before, take(t, tr, before)); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
	if got, _ := os.ReadFile(victim + "/settings.json"); string(got) != "mine" {
		t.Errorf("victim: %q", got)
	}
	if left, _ := os.ReadDir(victim); len(left) != 1 {
		t.Errorf("victim: %v", left)
	}
	if _, err := os.Lstat(dir + "/.claude"); err == nil {
		t.Error(".claude is left")
	}
	if info, _ := os.Stat(dir + "/.npmrc"); info.Mode().Perm() != 0o600 {
		t.Errorf(".npmrc: %v", info.Mode())
	}
}

// Undoing never takes what is yours, however an agent makes it count.
func TestRevertKeeps(t *testing.T) {
	dir := tree(t, map[string]string{"src/app.ts": "mine", "hooks/use.ts": "mine", "config": "mine", "tool.sh": "mine", "docs/x": "mine"})
	write(t, dir, repository(".git"))
	tr := open(t, dir)
	time.Sleep(50 * time.Millisecond) // more than the clock of file systems is behind
	before := take(t, tr, nil)
	// A directory of yours gets a second name that counts.
	os.Symlink("src", dir+"/.claude")
	// The project is made to look like a bare repository, which hides nothing.
	write(t, dir, map[string]string{"HEAD": "ref: refs/heads/x\n", "objects/x": "x", "refs/x": "x", ".envrc": "evil", "objects/.envrc": "evil"})
	// A program of yours becomes a hook, a directory is closed.
	os.Rename(dir+"/tool.sh", dir+"/.git/hooks/post-commit")
	os.Chmod(dir+"/docs", 0)
	t.Cleanup(func() { os.Chmod(dir+"/docs", 0o700) })
	after := take(t, tr, before)
	var got []string
	for _, u := range tr.Revert(before, after) {
		if u.Err != nil {
			got = append(got, "not "+u.Path)
		} else {
			got = append(got, u.Did+" "+u.Path)
		}
	}
	want := []string{"not .git/hooks/post-commit", "removed objects/.envrc", "removed .claude", "removed .envrc", "not docs"}
	if os.Geteuid() == 0 {
		want = want[:4] // nothing is closed to root
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"src/app.ts", "hooks/use.ts", "config", ".git/hooks/post-commit"} {
		if text, err := os.ReadFile(dir + "/" + name); string(text) != "mine" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// A link in a directory's place is taken away before anything is put back into
// the directory; one that comes while that happens is not followed.
func TestRevertNeverFollows(t *testing.T) {
	victim := tree(t, nil)
	dir := tree(t, map[string]string{"sub/.env": "x"})
	tr := open(t, dir)
	before := take(t, tr, nil)
	os.Remove(dir + "/sub/.env")
	after := take(t, tr, before)
	os.Remove(dir + "/sub")
	os.Symlink(victim, dir+"/sub") // after we looked
	undone := tr.Revert(before, after)
	if len(undone) != 1 || undone[0].Err == nil {
		t.Errorf("%+v", undone)
	}
	if left, _ := os.ReadDir(victim); len(left) != 0 {
		t.Errorf("victim: %v", left)
	}
}

// A directory that nobody may look into is listed, and a file that nobody may
// read is compared by what stat(2) says.
func TestHidden(t *testing.T) {
	if os.Geteuid() == 0 {
		return // root may look
	}
	dir := tree(t, map[string]string{"sub/.env": "x", ".envrc": "x", ".npmrc": strings.Repeat("x", 2<<20)})
	os.Chmod(dir+"/.envrc", 0)
	tr := open(t, dir)
	before := take(t, tr, nil)
	os.Chmod(dir+"/sub", 0)
	t.Cleanup(func() { os.Chmod(dir+"/sub", 0o700) })
	os.Chmod(dir+"/.envrc", 0o600)
	os.WriteFile(dir+"/.envrc", []byte("y"), 0)
	os.Chmod(dir+"/.envrc", 0)
	os.WriteFile(dir+"/.npmrc", []byte(strings.Repeat("y", 2<<20)), 0o644)
	var got []string
	for _, c := range baseline.Compare(before, take(t, tr, before)) {
		got = append(got, c.What+" "+c.Path)
	}
	if want := []string{"changed .envrc", "changed .npmrc", "new sub", "changed sub/.env"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A search that ends early says so, and still knows what it knew.
func TestCut(t *testing.T) {
	dir := tree(t, map[string]string{"deep/er/.envrc": "x"})
	tr := open(t, dir)
	tr.SetMax(1000)
	before := take(t, tr, nil)
	os.WriteFile(dir+"/deep/er/.envrc", []byte("y"), 0o644)
	for i := range 1001 {
		if err := unix.Mknod(fmt.Sprintf("%s/n%d", dir, i), unix.S_IFREG|0o600, 0); err != nil {
			t.Fatal(err)
		}
	}
	after := take(t, tr, before)
	changes := baseline.Compare(before, after)
	if !after.Cut || len(changes) != 1 || changes[0].Path != "deep/er/.envrc" {
		t.Errorf("cut %v, %+v", after.Cut, changes)
	}
}

func BenchmarkTake(b *testing.B) {
	dir, _ := filepath.EvalSymlinks(b.TempDir())
	for d := range 500 {
		at := fmt.Sprintf("%s/pkg%d/src/lib", dir, d)
		os.MkdirAll(at, 0o755)
		for i := range 100 {
			os.WriteFile(fmt.Sprintf("%s/some_file_%d.go", at, i), nil, 0o644)
		}
		if d%20 == 0 {
			os.WriteFile(at+"/.envrc", []byte("x"), 0o644)
		}
	}
	write(b, dir, repository(".git"))
	tr := open(b, dir)
	for b.Loop() {
		take(b, tr, nil)
	}
}
