package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"exeat/policy/diff"
	"exeat/store"
)

func newPolicyDiffCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "diff A B", Short: "Compare two policies",
		Long: `Compare two policies as text, in canonical form: order and layout of the files
do not matter. A and B are files, or NAME or NAME@REVISION of a sandbox.

EXIT STATUS
  0   the same
  12  different, in whichever direction: it does not say which permits more
  1   error`,
		Example: "  exeat policy diff demo@1 demo\n  exeat policy diff demo /tmp/sandbox-policy-update.yaml",
		Args:    revisionArgs,
		RunE: func(c *cobra.Command, words []string) error {
			return runPolicyDiff(c.Context(), env, words[0], words[1], asJSON(c))
		},
	}
}

// revisionArgs takes two words, and says of NAME A B, where the numbers are revisions, how that is written.
func revisionArgs(c *cobra.Command, words []string) error {
	err := args(2, 2, "two policies, each a file or NAME[@REVISION]")(c, words)
	if len(words) != 3 || strings.Contains(words[0], "@") || !isNumber(words[1]) || !isNumber(words[2]) {
		return err
	}
	return &usageError{err, fmt.Sprintf("exeat policy diff %s@%s %s@%s", words[0], words[1], words[0], words[2])}
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 31)
	return err == nil
}

func runPolicyDiff(ctx context.Context, env Env, a, b string, json bool) error {
	before, err := policyText(ctx, env, a)
	if err != nil {
		return err
	}
	after, err := policyText(ctx, env, b)
	if err != nil {
		return err
	}
	text := diff.Text(a, b, before, after)
	if json {
		err = writeJSON(env.Out, struct {
			Same bool   `json:"same"`
			Diff string `json:"diff"`
		}{text == "", text})
	} else {
		_, err = fmt.Fprint(env.Out, paintDiff(env.outStyle(), text))
	}
	if err == nil && text != "" {
		return &codeError{code: exitBoth}
	}
	return err
}

// policyText is the canonical text of a file or of a sandbox's revision. A file
// of that name wins, because a path is what a shell completes.
func policyText(ctx context.Context, env Env, what string) ([]byte, error) {
	if _, err := os.Stat(what); err == nil || what == "-" {
		p, _, err := loadPolicy(env, what)
		if err != nil {
			return nil, err
		}
		return p.Text(), nil
	} else if !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(what, "/.") {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	name, number, err := splitRevision(what)
	if err != nil {
		return nil, err
	}
	boxes, done, err := env.open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if _, err := boxes.Store.SandboxByName(ctx, name); errors.Is(err, store.ErrNotFound) {
		return nil, &hintError{fmt.Errorf("there is neither a file nor a sandbox called %q", name), "exeat sandbox list"}
	}
	rev, err := findRevision(ctx, boxes, name, number)
	return rev.Text, err
}

// splitRevision reads NAME[@REVISION]; 0 stands for the newest.
func splitRevision(what string) (name string, number int, err error) {
	name, text, found := strings.Cut(what, "@")
	if !found {
		return name, 0, nil
	}
	number, err = strconv.Atoi(text)
	if err != nil || number < 1 {
		return "", 0, &usageError{fmt.Errorf("%q is not a revision: want NAME@NUMBER", what), "exeat policy list " + name}
	}
	return name, number, nil
}

// paintDiff colours the lines of a unified diff.
func paintDiff(paint style, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(body, "+++"), strings.HasPrefix(body, "---"):
			body = paint.bold(body)
		case strings.HasPrefix(body, "+"):
			body = paint.good(body)
		case strings.HasPrefix(body, "-"):
			body = paint.bad(body)
		case strings.HasPrefix(body, "@@"):
			body = paint.dim(body)
		}
		b.WriteString(body + "\n")
	}
	return b.String()
}
