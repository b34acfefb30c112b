package changes_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"exeat/sandbox/changes"
	"exeat/sandbox/repo"
)

// A line of content that looks like the header of a file is content: the parts of
// a patch are told by counting.
func TestPatchCountsLines(t *testing.T) {
	w := newWorld(t)
	write(t, w.box+"/a", "diff --git a/x b/x\n@@ -1 +1 @@\n-- x\n++ x\n\\ No newline\n"+strings.Repeat("long", 50_000))
	write(t, w.box+"/b", "b\x00inary")
	write(t, w.box+"/.envrc", "x\n")
	if err := os.Remove(w.box + "/gone"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", w.box+"/gone"); err != nil {
		t.Fatal(err)
	}
	made, entries := w.files(t)
	var got []string
	parts := map[int]string{}
	err := made.Patch(t.Context(), entries, false, func(l changes.Line) error {
		parts[l.Entry] += string(l.Text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		got = append(got, e.Status+" "+e.Path)
		if !strings.HasPrefix(parts[i], "diff --git a/"+e.Path+" ") {
			t.Errorf("%s: its part begins %.60q", e.Path, parts[i])
		}
	}
	if want := "A .envrc,A a,A b,T gone"; strings.Join(got, ",") != want {
		t.Errorf("got %q, want %s", got, want)
	}
	if entries[0].Handoff == "" || entries[1].Handoff != "" || entries[3].Handoff == "" || !entries[2].Binary || entries[1].Added != 6 {
		t.Errorf("got %+v", entries)
	}
}

// The agent's index, HEAD and files are as they were; flags in its index and what
// its configuration says do not decide about the host.
func TestSnapshotChangesNothing(t *testing.T) {
	w := newWorld(t)
	write(t, w.box+"/file", "two\n")
	write(t, w.box+"/staged", "x\n")
	git(t, w.box, "add", "staged")
	before := git(t, w.box, "status", "--porcelain") + git(t, w.box, "for-each-ref") + git(t, w.box, "rev-parse", "HEAD")
	if _, entries := w.files(t); len(entries) != 2 {
		t.Errorf("got %+v", entries)
	}
	if after := git(t, w.box, "status", "--porcelain") + git(t, w.box, "for-each-ref") + git(t, w.box, "rev-parse", "HEAD"); after != before {
		t.Errorf("got %q, want %q", after, before)
	}
}

// A nested repository without a commit cannot be read; the rest is there, and it is said.
func TestIncomplete(t *testing.T) {
	w := newWorld(t)
	write(t, w.box+"/file", "two\n")
	git(t, w.box, "init", "-q", "nested")
	made, entries := w.files(t)
	if !strings.Contains(made.Incomplete, "nested/") || len(entries) != 1 {
		t.Errorf("got %q, %+v", made.Incomplete, entries)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type stalled struct{ ctx context.Context }

func (s stalled) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }

func TestHostileAnswers(t *testing.T) {
	w := newWorld(t)
	commit := git(t, w.box, "commit-tree", "HEAD^{tree}", "-m", "x")
	blob := gitIn(t, w.box, "x", "hash-object", "-w", "--stdin")
	hidden := gitIn(t, w.box, "100644 blob "+blob+"\t.git\n", "mktree")
	evil := git(t, w.box, "commit-tree", hidden, "-m", "x")
	pack := func(objects ...string) io.Reader {
		return strings.NewReader(gitRaw(t, w.box, strings.Join(objects, "\n")+"\n", "pack-objects", "--stdout", "-q"))
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for name, tt := range map[string]struct {
		listing string
		pack    io.Reader
		want    string
	}{
		"nothing":             {"", nil, "did not answer with a snapshot"},
		"an option":           {"--upload-pack=x \n", nil, "did not answer with a snapshot"},
		"endless names":       {strings.Repeat(commit+" refs/heads/x\n", 200_000), nil, "more than 8 MiB"},
		"many names":          {commit + " \n" + strings.Repeat(commit+" refs/heads/x\n", 10_001), nil, "more than 10000 branches"},
		"no pack":             {commit + " \n", strings.NewReader(""), "not sound"},
		"endless bytes":       {commit + " \n", endless{}, "not sound"},
		"another object":      {commit + " \n", pack(evil, hidden, blob), "not sound"},
		"a commit of nothing": {evil + " \n", pack(evil), "not sound"},
		"a tree with .git":    {evil + " \n", pack(evil, hidden, blob), "not sound"},
		"a blob for a commit": {blob + " \n", pack(blob), "not sound"},
		"a branch of a blob":  {commit + " \n" + blob + " refs/heads/x\n", pack(commit, blob), "not sound"},
		"silence":             {commit + " \n", stalled{short}, "deadline exceeded"},
	} {
		ctx := t.Context()
		if name == "silence" {
			ctx = short
		}
		_, err := changes.Branches(ctx, liar(tt.listing, tt.pack), w.scratch(t), w.base)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func gitRaw(t *testing.T, dir, input string, args ...string) string {
	t.Helper()
	var out strings.Builder
	if err := repo.HostGit(dir, os.Environ()).Run(t.Context(), strings.NewReader(input), &out, args...); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPullRefusesNameOfRemote(t *testing.T) {
	w := newWorld(t)
	git(t, w.host, "remote", "add", "up", "https://example.com/x")
	git(t, w.box, "commit", "-q", "--allow-empty", "-m", "x")
	made, err := changes.Branches(t.Context(), w.agent, w.scratch(t), w.base)
	if err != nil {
		t.Fatal(err)
	}
	var refused *repo.Error
	if _, err := made.Pull(t.Context(), w.hostGit(), "up", nil); !errors.As(err, &refused) {
		t.Errorf("got %v, want it refused", err)
	}
	if _, err := made.Pull(t.Context(), w.hostGit(), "box", nil); err != nil {
		t.Error(err)
	}
	if missing, err := changes.Unpulled(t.Context(), w.agent, w.hostGit()); len(missing) != 0 || err != nil {
		t.Errorf("got %q, %v", missing, err)
	}
}

func TestChoose(t *testing.T) {
	entries := []changes.Entry{
		{Path: "a", NewMode: 0o100644},
		{Path: "src/.vscode/tasks.json", NewMode: 0o100644, Handoff: "editors"},
		{Path: ".claude/settings.json", NewMode: 0o100644, Handoff: "agents"},
		{Path: "src/run", NewMode: 0o100755},
		{Path: "old", OldMode: 0o100755, NewMode: 0o100755},
		{Path: "link", NewMode: 0o120000, Handoff: "link"},
		{Path: "sub", NewMode: 0o160000, Handoff: "nested"},
	}
	for _, tt := range []struct{ paths, want string }{
		{"", "a old"},
		{".", "a old"},
		{"src", ""},
		{"src/run", "src/run"},
		{".claude", ".claude/settings.json"},
		{"src .claude/settings.json", ".claude/settings.json"},
		{"src/.vscode", "src/.vscode/tasks.json"},
		{"link sub", "link"},
	} {
		chosen, err := changes.Choose(entries, strings.Fields(tt.paths))
		var got []string
		for _, c := range chosen {
			if c.LeftOut == "" {
				got = append(got, c.Path)
			}
		}
		if strings.Join(got, " ") != tt.want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", tt.paths, got, err, tt.want)
		}
	}
	if _, err := changes.Choose(entries, []string{"nosuch"}); err == nil {
		t.Error("a path that nothing matches is taken")
	}
}

// What the user did meanwhile is never lost: not a change, not a file of the same name,
// not what a symlink of his leads to.
func TestApplyNeverLoses(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, w world){
		"changed the same line": func(t *testing.T, w world) { write(t, w.host+"/file", "mine\n") },
		"made the file":         func(t *testing.T, w world) { write(t, w.host+"/new/x", "mine\n") },
		"removed the file":      func(t *testing.T, w world) { _ = os.Remove(w.host + "/file") },
		"changed what goes":     func(t *testing.T, w world) { write(t, w.host+"/gone", "mine\n") },
		"made a link":           func(t *testing.T, w world) { _ = os.Symlink("..", w.host+"/new") },
	} {
		w := newWorld(t)
		write(t, w.box+"/file", "two\n")
		write(t, w.box+"/new/x", "x\n")
		_ = os.Remove(w.box + "/gone")
		prepare(t, w)
		before := git(t, w.host, "status", "--porcelain") + git(t, w.host, "diff")
		made, entries := w.files(t)
		chosen, err := changes.Choose(entries, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = made.Apply(t.Context(), w.hostGit(), entries, chosen, false); err == nil || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s: got %v", name, err)
		}
		if after := git(t, w.host, "status", "--porcelain") + git(t, w.host, "diff"); after != before {
			t.Errorf("%s: the work tree has changed: %s", name, after)
		}
	}
}

func TestApplyBringsEverything(t *testing.T) {
	w := newWorld(t)
	write(t, w.box+"/file", "one\ntwo\n")
	write(t, w.box+"/bin ary", "a\x00\xff"+strings.Repeat("z", 10_000))
	write(t, w.box+"/new\nline/größe", "no newline at the end")
	write(t, w.host+"/mine", "untracked\n")
	if err := os.Remove(w.box + "/gone"); err != nil {
		t.Fatal(err)
	}
	made, entries := w.files(t)
	chosen, err := changes.Choose(entries, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time all is there
		if _, err := made.Apply(t.Context(), w.hostGit(), entries, chosen, false); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"file", "bin ary", "new\nline/größe", "gone"} {
		want, _ := os.ReadFile(w.box + "/" + name)
		if got, _ := os.ReadFile(w.host + "/" + name); string(got) != string(want) {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := git(t, w.host, "diff", "--cached"); got != "" {
		t.Errorf("the index has changed: %s", got)
	}
}
