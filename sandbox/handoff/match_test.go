package handoff

import (
	"path"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		name string
		want bool
	}{
		{".git", true},
		{".git/hooks/pre-commit", true},
		{"vendor/x/.git/config", true},
		{".GIT/config", true},
		{".g\u200cit/config", true}, // HFS+ ignores the joiner
		{".gitattributes", true},
		{"a/b/.gitattributes", true},
		{".gitmodules", true},
		{".mcp.json", true},
		{".claude/settings.json", true},
		{".claude", true}, // a file or a link in the directory's place
		{"sub/.Claude/settings.json", true},
		{"CLAUDE.md", true},
		{"AGENTS.md", true},
		{".vscode/tasks.json", true},
		{".v\u017fcode/tasks.json", true}, // long s folds to s
		{".idea/x", true},
		{"app.code-workspace", true},
		{".envrc", true},
		{"./.envrc", true},
		{"a//.envrc", true},
		{".env.local", true},
		{".devcontainer/devcontainer.json", true},
		{".cursor/mcp.json", true},
		{".codex/config.toml", true},
		{".pre-commit-config.yaml", true},
		{".husky/pre-commit", true},
		{".github/workflows/ci.yml", true},
		{".cargo/config.toml", true},
		{"sub/gradle/wrapper/gradle-wrapper.jar", true},
		{"new\nline/.envrc", true},

		{"", false},
		{".", false},
		{"main.go", false},
		{"Makefile", false},
		{"package.json", false},
		{"git/config", false},
		{".gitignore", false},
		{".github/CODEOWNERS", false},
		{"workflows/ci.yml", false},
		{".env/lib/python3/x.py", false}, // a virtual environment
		{"claude.md.txt", false},
		{"docs/.claude-notes", false},
		{".envrc.md", false},
	} {
		if why, ok := Match(tt.name); ok != tt.want || ok != (why != "") {
			t.Errorf("Match(%q) = %q, %v, want %v", tt.name, why, ok, tt.want)
		}
	}
}

func TestKind(t *testing.T) {
	for mode, want := range map[uint32]bool{
		0o100644: false, 0o100755: false, 0o040000: false,
		0o120000: true, 0o160000: true, 0o010600: true, 0o140755: true, 0o060600: true, 0: true,
	} {
		if why, ok := Kind(mode); ok != want || ok != (why != "") {
			t.Errorf("Kind(%o) = %q, %v, want %v", mode, why, ok, want)
		}
	}
}

// TestRules finds patterns that could never match.
func TestRules(t *testing.T) {
	for _, r := range rules {
		for _, name := range r.names {
			if strings.Count(name, "*") > 1 || strings.ContainsAny(name, "?[") || name == "" || fold(name) != name {
				t.Errorf("rule %q", r.names)
			}
		}
	}
}

// FuzzMatch holds that neither case nor the directory it lies in makes a
// hand-off file an ordinary one.
func FuzzMatch(f *testing.F) {
	for _, seed := range []string{".envrc", "x/.git/config", "\xff/.vscode/a", "a\x00b", "../.envrc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		_, ok := Match(name)
		for _, other := range []string{strings.ToUpper(name), "sub/" + name} {
			if _, got := Match(other); ok && !got {
				t.Errorf("Match(%q) but not %q", name, other)
			}
		}
		dir, base := path.Split(name)
		if _, above := Match(dir); ok && !above && !CanEnd(base) {
			t.Errorf("Match(%q), but nothing can end in %q", name, base)
		}
	})
}
