package handoff

import (
	"slices"
	"strings"
)

// rules are all hand-off names. A pattern that ends in a slash means everything
// below, too.
var rules = slices.Concat(
	group("git reads it on every call", ".git/", ".gitattributes", ".gitmodules", ".gitconfig", ".lfsconfig"),
	group("git hooks come from it",
		".husky/", ".githooks/", ".git-hooks/", ".pre-commit-config.y*ml", ".pre-commit-hooks.y*ml", ".overcommit.yml",
		"lefthook.*", ".lefthook.*", "lefthook-local.*", ".lefthook-local.*", ".lefthook/", ".lefthook-local/",
		".simple-git-hooks.*", "simple-git-hooks.*", ".lintstagedrc*", "lint-staged.config.*"),
	group("coding agents run or obey it",
		".mcp.json", "mcp.json", ".claude/", ".claude.json", "claude.md", "claude.local.md", "agents.md", "agents.override.md", ".agents/", ".agent/",
		".codex/", ".cursor/", ".cursorrules", ".gemini/", "gemini.md", ".windsurf/", ".windsurfrules", ".clinerules", ".clinerules/",
		".cline/", ".roo/", ".roomodes", ".roorules*", ".kiro/", ".amazonq/", ".aider*", ".opencode/", "opencode.json*", ".continue/",
		".continuerules", ".goosehints", ".goose/", ".junie/", ".augment/", ".augment-guidelines", ".qwen/", ".crush.json", "crush.json",
		".github/copilot-instructions.md", ".github/instructions/", ".github/prompts/", ".github/agents/", ".github/chatmodes/"),
	group("editors run what it says",
		".vscode/", ".vscode-server/", "*.code-workspace", ".idea/", "*.iml", "*.ipr", "*.iws", ".run/", ".vs/", ".fleet/", ".zed/", ".nova/",
		".devcontainer/", ".devcontainer.json", "devcontainer.json", ".gitpod.yml", ".exrc", ".vimrc", "_vimrc", ".nvimrc", ".nvim.lua", ".lvimrc", ".vim/", ".nvim/",
		".dir-locals.el", ".dir-locals-2.el", ".helix/", "*.sublime-project", "*.sublime-workspace", ".kakrc", ".theia/", ".settings/", ".project"),
	group("shells run it when somebody enters the directory",
		".envrc", ".env", ".env.*", ".autoenv*", ".mise.*", "mise.toml", "mise.*.toml", ".mise/", "mise/config*.toml", ".config/mise/", ".config/mise.*", ".rtx.toml",
		".tool-versions", ".direnv/", ".direnvrc", ".shadowenv.d/", ".devbox/", "devbox.json", ".flox/", ".prototools", ".ondir*",
		".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".inputrc", ".screenrc", ".tmux.conf"),
	group("CI runs it with the project's secrets",
		".github/workflows/", ".github/actions/", ".gitlab-ci.y*ml", ".gitlab/ci/", ".circleci/", ".buildkite/", ".travis.yml", ".drone.y*ml", ".woodpecker/", ".woodpecker.y*ml",
		".gitea/workflows/", ".forgejo/workflows/", "jenkinsfile", "azure-pipelines.y*ml", ".azure-pipelines/", "bitbucket-pipelines.y*ml", ".cirrus.yml", "appveyor.yml", ".appveyor.yml"),
	group("package managers take programs and addresses from it",
		".npmrc", ".yarnrc", ".yarnrc.yml", ".yarn/", ".pnpmfile.*", "bunfig.toml", ".cargo/", "rust-toolchain", "rust-toolchain.toml", ".bazelrc", ".bazeliskrc",
		".mvn/", "gradle/wrapper/", ".bundle/", ".pypirc", "pip.conf", ".netrc", "_netrc", ".ssh/", ".gnupg/", ".docker/", "sitecustomize.py", "usercustomize.py", ".gdbinit", ".lldbinit"),
)

func group(why string, patterns ...string) []rule {
	all := make([]rule, 0, len(patterns))
	for _, p := range patterns {
		name, below := strings.CutSuffix(p, "/")
		all = append(all, rule{names: strings.Split(name, "/"), below: below, why: why})
	}
	return all
}
