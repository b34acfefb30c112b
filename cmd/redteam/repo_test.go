package redteam_test

import (
	"path/filepath"
	"slices"
)

// repoAttacks are those of a live workdir against a sandbox that has a checkout
// of its own: the host's repository is as it was, whatever they do.
var repoAttacks = []attack{
	{id: "FS03-repo", name: "plant a git hook, with --repo", before: repository("host"), play: checkout(`echo x >.git/hooks/pre-commit; echo x >.git/hooks/post-checkout && echo planted`), want: []string{`planted`}, after: untouched("host")},
	{
		id: "FS04-repo", name: "programs in git's configuration, with --repo", before: repository("host"), play: checkout(`git config core.fsmonitor 'touch /tmp/ran'; git config core.hooksPath h; git config core.sshCommand x; echo done; touch new; git add new`),
		want: []string{`done`}, after: untouched("host"),
	},
	{id: "FS05-repo", name: "files that tools trust, with --repo", before: repository("host"), play: checkout(trusted), want: []string{`\.mcp\.json`, `\.claude/settings\.json`}, after: untouched("host")},
	{
		id: "FS06-repo", name: "the host's objects, with --repo", before: repository("host"), play: checkout(`ls /exeat/objects; for d in /exeat/objects/*; do touch $d/pwned && echo SUCCEEDED; done; rm -rf /exeat/objects/*; ls $OUT/w`),
		want: []string{`Read-only|Permission denied`}, after: untouched("host"),
	},
}

// checkout runs a script in a checkout of the host's repository, and reads what became of it as its user would.
func checkout(script string) func(*scene) string {
	return func(s *scene) string {
		args := s.arguments("sh", "-c", script)
		i := slices.Index(args, "--workdir")
		args[i], args[i+1] = "--repo", filepath.Join(s.work, "host")
		return s.exeat(args...) + s.exeat("sandbox", "diff", s.name, "--name-only")
	}
}
