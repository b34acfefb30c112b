package policy

import "strings"

// The ends of the paths of git's smart protocol (gitprotocol-http), below the repository's own.
const (
	endRefs  = "/info/refs"
	endFetch = "/git-upload-pack"
	endPush  = "/git-receive-pack"
)

// repositories are the globs over the path of a rule's repository, which servers know with and without .git.
// "group/**" is every repository below the group at any depth, whatever its name ends in, and not the group itself.
func (g *GitRule) repositories() []string {
	if group, ok := strings.CutSuffix("/"+g.Repo, "/**"); ok {
		return []string{group + "/**/*"}
	}
	return []string{"/" + g.Repo, "/" + g.Repo + ".git"}
}

// ends are those of the requests that the rule allows.
func (g *GitRule) ends() []string {
	if len(g.Push) == 0 {
		return []string{endRefs, endFetch}
	}
	return []string{endRefs, endFetch, endPush}
}

// repo checks the repository: all globs that are made of it, since a policy that loads must compile.
func (w *walker) repo(at place, g *GitRule) {
	if !w.glob(at, globPath, "/"+g.Repo) {
		return
	}
	for _, repository := range g.repositories() {
		for _, end := range g.ends() {
			if !w.glob(at, globPath, repository+end) {
				return
			}
		}
	}
}

// gitWithin checks that an endpoint with a path speaks for each kind of request that the rule allows.
func (w *walker) gitWithin(at place, e *Endpoint, g *GitRule) {
	selector := rooted(e.Path)
	if selector == "" || validGlob(globPath, selector) != nil {
		return
	}
	for _, end := range g.ends() {
		meets := false
		for _, repository := range g.repositories() {
			meets = meets || pathsMeet(globPath, selector, repository+end)
		}
		if !meets {
			w.fail(at, "remove path, or write the git rule at another endpoint",
				"git asks for %s, and the endpoint only speaks for %s", g.repositories()[0]+end, selector)
			return
		}
	}
}

// pushed is a glob that meets every ref that servers let be made: refs/, a namespace, and a name in it.
const pushed = "/refs/*/**/*"

// ref checks a glob over the full names of refs.
func (w *walker) ref(at place, ref string) {
	switch {
	case !strings.HasPrefix(ref, "refs/") && !strings.HasPrefix(ref, "*"):
		w.fail(at, "write refs/heads/"+ref, "no ref is named %s", shorten(ref))
	case !w.glob(at, globPath, "/"+ref): // reported
	case hasSegment(ref, "") || !pathsMeet(globPath, pushed, "/"+ref):
		name := ref[strings.LastIndexByte(strings.TrimRight(ref, "/"), '/')+1:]
		w.fail(at, "write refs/heads/"+strings.TrimRight(name, "/"),
			"no ref is named %s: globs are over whole names of refs, and * stays within one segment", shorten(ref))
	}
}
