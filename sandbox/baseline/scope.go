package baseline

import (
	"path"
	"strings"

	"exeat/sandbox/handoff"
)

// scope is what a directory means for the names in it.
type scope struct {
	why string // everything in it counts, for this reason
	git place
	// loose: what counts here does so because of what other files say, which an
	// agent can make: it may be anybody's.
	loose bool
}

// place is a part of a git directory (gitrepository-layout(5)).
type place int

const (
	nowhere   place = iota
	gitDir          // has HEAD, config, hooks
	gitInfo         // info: attributes can name programs
	gitMany         // modules: git directories at any depth
	gitTrees        // worktrees: each directory in it is one
	gitInside       // refs, logs: only what is no file counts
)

const (
	whyHooks  = "git runs it as a hook"
	whyConfig = "git runs programs that it names"
	whyPlace  = "git takes its configuration and hooks from where it points"
	whyRebase = "git runs its exec lines when the rebase is continued"
	whyOdd    = "not a regular file: git reads and writes what it stands for"
	whyOut    = "symbolic link out of the workdir: tools write where it points"
	whyMore   = "named by filesystem_policy.handoff"
)

// verdict says what to do with a name.
type verdict struct {
	why   string // it is a hand-off file; "" is none
	pin   bool   // and can be protected by a mount
	loose bool   // see scope
	enter bool   // look into it, if it is a directory
	below scope
}

// judge decides about one name of a directory.
func (s *search) judge(in scope, name string, kind Kind) verdict {
	switch {
	case in.why == whyHooks && kind == File && strings.HasSuffix(name, ".sample"):
		return verdict{} // what git init leaves there, and never runs
	case in.why != "":
		return verdict{why: in.why, loose: in.loose, enter: true, below: in}
	case in.git != nowhere && !in.loose:
		return judgeGit(in.git, path.Base(name), kind)
	case in.git != nowhere:
		return s.judgeBoth(in, name, kind)
	}
	return s.judgeName(name, kind)
}

func (s *search) judgeName(name string, kind Kind) verdict {
	if path.Base(name) == ".git" && kind == Dir {
		return verdict{enter: true, below: scope{git: gitDir}}
	}
	if why, ok := s.match(name); ok {
		return verdict{why: why, pin: true, enter: true, below: scope{why: why}}
	}
	return verdict{enter: path.Base(name) != "node_modules"}
}

// judgeBoth is for a directory that only looks like git's: were it judged as that
// alone, three names made in a project would hide what else lies there.
func (s *search) judgeBoth(in scope, name string, kind Kind) verdict {
	git, v := judgeGit(in.git, path.Base(name), kind), s.judgeName(name, kind)
	if v.why != "" || v.below.git != nowhere {
		return v
	}
	git.loose, git.below.loose = true, true
	if git.why == "" && !git.enter {
		return v
	}
	git.enter = v.enter
	return git
}

// depth is how many segments the longest rule of package handoff has.
const depth = 3

func (s *search) match(name string) (string, bool) {
	if s.more(name) {
		return whyMore, true
	}
	if !handoff.CanEnd(path.Base(name)) {
		return "", false
	}
	tail := name
	for i, n := len(name)-1, 0; i >= 0; i-- {
		if name[i] == '/' {
			if n++; n == depth {
				tail = name[i+1:]
				break
			}
		}
	}
	return handoff.Match(tail)
}

// judgeGit knows what git and the tools around it run, and what changes with every
// commit. Objects are content and are not looked at.
func judgeGit(in place, name string, kind Kind) verdict {
	switch in {
	case gitDir:
		return judgeGitDir(name, kind)
	case gitInfo:
		if name == "attributes" {
			return verdict{why: whyConfig, pin: true, enter: true, below: scope{why: whyConfig}}
		}
	case gitTrees:
		return verdict{why: odd(kind), enter: true, below: scope{git: gitDir}}
	case gitMany:
		return verdict{why: odd(kind), enter: true, below: scope{git: gitMany}}
	}
	return verdict{why: odd(kind), enter: true, below: scope{git: gitInside}}
}

func judgeGitDir(name string, kind Kind) verdict {
	whole := func(why string, pin bool) verdict {
		return verdict{why: why, pin: pin, enter: true, below: scope{why: why}}
	}
	switch name {
	case "hooks":
		return whole(whyHooks, true)
	case "config", "config.worktree":
		return whole(whyConfig, true)
	case "commondir", "gitdir":
		return whole(whyPlace, true)
	case "rebase-merge", "rebase-apply", "sequencer":
		return whole(whyRebase, false) // a rebase must be able to go on inside
	case "objects", "lfs":
		return verdict{why: odd(kind)}
	case "info":
		return verdict{why: odd(kind), enter: true, below: scope{git: gitInfo}}
	case "modules":
		return verdict{why: odd(kind), enter: true, below: scope{git: gitMany}}
	case "worktrees":
		return verdict{why: odd(kind), enter: true, below: scope{git: gitTrees}}
	}
	return verdict{why: odd(kind), enter: true, below: scope{git: gitInside}}
}

func odd(kind Kind) string {
	if kind == File || kind == Dir {
		return ""
	}
	return whyOdd
}

// isGitDir says whether git takes a directory with these names for a repository:
// one without .git, too, as soon as somebody enters it (safe.bareRepository in
// git-config(1)).
func isGitDir(names map[string]bool) bool {
	return names["HEAD"] && (names["objects"] && names["refs"] || names["commondir"])
}

// hooksPath finds where a git configuration says the hooks are.
func hooksPath(config []byte) string {
	found := ""
	for line := range strings.Lines(string(config)) {
		key, value, _ := strings.Cut(line, "=")
		if strings.EqualFold(strings.TrimSpace(key), "hooksPath") {
			found = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return found
}
