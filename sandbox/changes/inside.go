package changes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"exeat/sandbox/repo"
)

// Inside runs a program in the sandbox, in its checkout, and returns its exit code
// and what it said on standard error. Whatever it writes is the sandbox's word.
type Inside func(ctx context.Context, in io.Reader, out io.Writer, argv ...string) (exit int, words string, err error)

// safely are options for the git inside: it need not run what the agent has
// configured, though that could harm nobody but the sandbox itself.
const safely = "-c core.fsync=none -c core.fsmonitor=false -c core.hooksPath=/dev/null -c gc.auto=0 -c maintenance.auto=false -c advice.addEmbeddedRepo=false "

// snapshotScript makes a commit of the work tree as it is, on the base "$1",
// with an index of its own: the agent's index, HEAD and files stay as they are. The
// copy keeps the index's time: by it git knows of which files the time says nothing,
// because they changed in the second it was written (gitformat-index(5), "racy git").
// It prints the commit, then every branch.
const snapshotScript = `
umask 077
export GIT_AUTHOR_NAME=exeat GIT_AUTHOR_EMAIL=exeat@localhost GIT_COMMITTER_NAME=exeat GIT_COMMITTER_EMAIL=exeat@localhost
index=$(mktemp) || exit
trap 'rm -f "$index" "$index.lock"' EXIT
cp -p -- "$(git rev-parse --absolute-git-dir)/index" "$index" 2>/dev/null || rm -f "$index"
GIT_INDEX_FILE=$index; export GIT_INDEX_FILE
git ` + safely + `add --all --ignore-errors || status=3
tree=$(git write-tree) && commit=$(git commit-tree "$tree" -p "$1" -m snapshot) || exit
echo "$commit $(git rev-parse --quiet --verify 'HEAD^{commit}')"
git for-each-ref '--format=%(objectname) %(refname)' refs/heads && exit $status
`

// incomplete is snapshotScript's exit code when some files could not be read.
const incomplete = 3

// Limits of what a sandbox may say.
const (
	maxListing = 8 << 20 // bytes of names
	maxPack    = 1 << 30 // bytes of compressed objects
	maxRefs    = 10_000
)

// listing is what a sandbox says it has.
type listing struct {
	snapshot string
	head     string // the commit of its HEAD, "" when it has none
	branches []repo.Ref
	refused  []string // names that may not become branches here, made visible
	words    string   // why some files are not in the snapshot
}

// list asks for a snapshot and the branches.
func list(ctx context.Context, inside Inside, base string) (listing, error) {
	out := &limited{left: maxListing}
	exit, words, err := inside(ctx, nil, out, "sh", "-c", snapshotScript, "sh", base)
	if out.left < 0 {
		return listing{}, fmt.Errorf("the sandbox names more than %d MiB of branches", maxListing>>20)
	}
	if err != nil {
		return listing{}, err
	}
	if exit != 0 && exit != incomplete {
		return listing{}, brokenInside(words)
	}
	l, err := parseListing(out.buf.String())
	if exit == incomplete {
		l.words = words
	}
	return l, err
}

// BrokenError is a repository that its own git, in the sandbox, does not read any more.
type BrokenError struct{ Words string }

func (e *BrokenError) Error() string {
	return "git in the sandbox cannot read the repository there: " + e.Words
}

func brokenInside(words string) error {
	words = strings.TrimSpace(words)
	return &BrokenError{repo.Visible(words[strings.LastIndexByte(words, '\n')+1:])}
}

// parseListing reads the first line, two objects, and then a ref a line. Every
// byte of it was chosen by the sandbox.
func parseListing(text string) (l listing, err error) {
	first, rest, _ := strings.Cut(text, "\n")
	l.snapshot, l.head, _ = strings.Cut(first, " ")
	if !repo.IsObject(l.snapshot) || l.head != "" && !repo.IsObject(l.head) {
		return l, errors.New("the sandbox did not answer with a snapshot")
	}
	for line := range strings.Lines(rest) {
		object, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		branch, isBranch := strings.CutPrefix(name, "refs/heads/")
		if !isBranch || !repo.IsObject(object) || !repo.ValidBranch(branch) {
			l.refused = append(l.refused, repo.Visible(name))
			continue
		}
		l.branches = append(l.branches, repo.Ref{Name: name, Object: object})
	}
	if len(l.branches)+len(l.refused) > maxRefs {
		return l, fmt.Errorf("the sandbox has more than %d branches", maxRefs)
	}
	return l, nil
}

// limited keeps what is written to it, up to a number of bytes.
type limited struct {
	buf  bytes.Buffer
	left int
}

var errTooMuch = errors.New("more than it may write")

func (w *limited) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errTooMuch
	}
	return w.buf.Write(p)
}
