package redteam_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// trusted are files that somebody on the host runs or obeys without being asked.
const trusted = `for f in .mcp.json .claude/settings.json .vscode/tasks.json .idea/x .envrc .devcontainer/devcontainer.json .cursor/mcp.json .codex/config.toml .gitattributes .pre-commit-config.yaml; do mkdir -p $(dirname $f); echo x >$f; done`

var handoffAttacks = []attack{
	{
		id: "FS03", name: "plant a git hook in a live workdir", before: repository(""), play: reverted(`echo x >.git/hooks/pre-commit || echo refused; echo x >.git/hooks/post-checkout; mv .git/hooks h; rm -rf h; mv .git g; ls .git`),
		want: []string{`refused`, `pre-commit: (Read-only|Permission denied)`}, after: untouched(""),
	},
	{
		id: "FS04", name: "programs in git's configuration", before: repository(""), play: reverted(`git config core.fsmonitor 'sh -c id'; git config core.hooksPath h; git config core.sshCommand x; echo '[core] fsmonitor = id' >>.git/config; git remote add x y`),
		want: []string{`(?i)could not (lock|write)|error:`}, after: untouched(""),
	},
	{
		id: "FS05", name: "files that tools trust", limit: true, before: repository(""), play: reverted(trusted),
		want: []string{`new +\.mcp\.json`, `new +\.claude/settings\.json`, `new +\.envrc`, `new +\.vscode/tasks\.json`, `new +\.gitattributes`}, after: untouched(""),
	},
	{
		id: "FS06", name: "a protected path that is not there yet", limit: true, before: repository(""), play: reverted(`ls -A; mkdir .claude && echo '{"hooks":{}}' >.claude/settings.json`),
		want: []string{`new +\.claude/settings\.json`}, never: `(?m)^\.(claude|mcp\.json|vscode)$`, after: untouched(""),
	},
}

// repository makes a git repository on the host in a directory below the workdir, with a hook and a configuration.
func repository(name string) func(*scene) {
	return func(s *scene) {
		s.t.Helper()
		dir := filepath.Join(s.work, name)
		for _, args := range [][]string{{"init", "-q", "-b", "main", dir}, {"-C", dir, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "--allow-empty", "-m", "first"}} {
			if out, err := exec.CommandContext(s.t.Context(), "git", args...).CombinedOutput(); err != nil {
				s.t.Fatalf("git %q: %v\n%s", args, err, out)
			}
		}
		must(s.t, os.WriteFile(filepath.Join(dir, ".git/hooks/pre-commit"), []byte("#!/bin/sh\n"), 0o755))
		s.seen = s.contents(name)
	}
}

// contents are the names and texts of what a host's git and tools read.
func (s *scene) contents(name string) (all []string) {
	s.t.Helper()
	must(s.t, filepath.WalkDir(filepath.Join(s.work, name), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || slices.Contains([]string{"policy.yaml", "attack"}, entry.Name()) {
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, strings.TrimPrefix(path, s.work)+" "+string(text))
		return err
	}))
	return all
}

// untouched says that all is as repository made it.
func untouched(name string) func(*scene) {
	return func(s *scene) {
		s.t.Helper()
		if now := s.contents(name); !slices.Equal(now, s.seen) {
			s.t.Errorf("the host's files changed from\n%q\nto\n%q", s.seen, now)
		}
	}
}

// reverted runs a script in the live workdir and takes back what tools would trust.
func reverted(script string) func(*scene) string {
	return func(s *scene) string {
		return s.create(script) + s.exeat("sandbox", "stop", "--revert-handoff", s.name)
	}
}
