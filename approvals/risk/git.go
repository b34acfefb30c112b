package risk

import (
	"strings"

	"exeat/policy"
)

// byGit is what a git rule allows in the repository at a grant's path: fetching,
// or changes of refs. It is zero where requests are granted and nobody reads the refs.
type byGit struct {
	repo           string
	ref            string // glob; "" for fetching
	create, delete bool
}

// gitOf are what a git rule allows, each ref for itself, so that one more ref in a
// rule is one more grant. Both halves of fetching have the path by which a policy
// allows them for every repository.
func gitOf(rule *policy.GitRule) []grant {
	fetch := byGit{repo: rule.Repo}
	out := []grant{
		{path: "/**/info/refs", methods: []string{"GET"}, git: fetch},
		{path: "/**/git-upload-pack", methods: []string{"POST"}, git: fetch},
	}
	for _, ref := range rule.Push {
		out = append(out, grant{
			path: "/" + rule.Repo, methods: []string{"GET", "POST"}, git: byGit{rule.Repo, ref, rule.Create, rule.Delete},
		})
	}
	return out
}

// coversGit says that g may change no ref which have may not. A rule for one ref
// covers that ref alone; requests that nobody reads the refs of cover those of git
// where every path is granted, since a path of theirs names no repository.
func (have grant) coversGit(g grant) bool {
	if have.git == (byGit{}) {
		return g.git.ref == "" || have.path == ""
	}
	return have.git.repo == g.git.repo && have.git.ref == g.git.ref &&
		(have.git.create || !g.git.create) && (have.git.delete || !g.git.delete)
}

func (b byGit) String() string {
	if b.ref == "" {
		return "fetch " + b.repo
	}
	what := "push to " + b.ref + " of " + b.repo
	if b.create {
		what += ", and make such refs,"
	}
	if b.delete {
		what += ", and delete such refs,"
	}
	return what
}

// push looks at the refs that may be changed.
func (f *finder) push(g grant, where string) {
	switch {
	case g.git.ref == "":
	case isEveryBranch(g.git.ref):
		f.add(AnyPath, Medium, "%s at %s may be pushed to on every branch: %s", g.git.repo, where, g.git.ref)
	default:
		f.add(WriteMethod, Low, "git may change %s of %s at %s", g.git.ref, g.git.repo, where)
	}
}

// isEveryBranch says that a glob over refs leaves out no branch of the first level, main for one.
func isEveryBranch(ref string) bool {
	return strings.HasPrefix(ref, "*") || strings.HasPrefix(ref, "refs/*") || strings.HasPrefix(ref, "refs/heads/*")
}
