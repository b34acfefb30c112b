package changes

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"exeat/sandbox/repo"
)

// askTime bounds questions whose answer is only told, or that stand in the way.
const askTime = 30 * time.Second

// Count asks how many files differ from the base. The answer is the sandbox's word:
// good for a line of text, and for nothing else.
func Count(ctx context.Context, inside Inside, base string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	l, err := list(ctx, inside, base)
	if err != nil {
		return 0, err
	}
	out := &limited{left: 32}
	exit, words, err := inside(ctx, nil, out, "sh", "-c", `git diff-tree -r --no-renames --name-only -z "$1" "$2" | tr -cd '\000' | wc -c`, "sh", base, l.snapshot)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(out.buf.String()))
	if err != nil || exit != 0 || n < 0 {
		return 0, brokenInside(words)
	}
	return n, nil
}

// Unpulled asks for the branches, and returns those whose commit the repository of
// the host does not have: what a deletion would lose.
func Unpulled(ctx context.Context, inside Inside, host repo.Git) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	out := &limited{left: maxListing}
	exit, words, err := inside(ctx, nil, out, "git", "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads")
	if err != nil {
		return nil, err
	}
	if exit != 0 {
		return nil, brokenInside(words)
	}
	var objects, names []string
	for line := range strings.Lines(out.buf.String()) {
		object, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if repo.IsObject(object) {
			objects, names = append(objects, object), append(names, repo.Visible(strings.TrimPrefix(name, "refs/heads/")))
		}
	}
	var kinds bytes.Buffer
	if err := host.Run(ctx, strings.NewReader(strings.Join(objects, "\n")+"\n"), &kinds, "cat-file", "--batch-check=%(objecttype)"); err != nil {
		return nil, err
	}
	var missing []string
	for i, line := range strings.Split(strings.TrimSuffix(kinds.String(), "\n"), "\n") {
		if i < len(names) && strings.HasSuffix(line, " missing") {
			missing = append(missing, names[i])
		}
	}
	return missing, nil
}
