package cmd

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"exeat/sandbox"
	"exeat/sandbox/changes"
	"exeat/sandbox/repo"
)

// diffRepo is `sandbox diff` of a sandbox with a repository of its own.
func diffRepo(ctx context.Context, env Env, boxes *sandbox.Sandboxes, info sandbox.Info, opts diffOptions) error {
	made, done, err := boxes.Changes(ctx, info, false)
	if err != nil {
		return err
	}
	defer done()
	sayIncomplete(env, made)
	all, err := made.Entries(ctx)
	if err != nil {
		return err
	}
	shown := handoffFirst(changes.Under(all, opts.paths))
	out := bufio.NewWriter(env.Out)
	defer out.Flush()
	switch {
	case opts.json:
		return printEntriesJSON(out, info, shown)
	case len(shown) == 0:
		fmt.Fprintln(env.Err, "no changes")
		return nil
	case opts.nameOnly:
		for _, e := range shown {
			fmt.Fprintln(out, repo.Visible(e.Path))
		}
		return nil
	case opts.stat:
		return printStat(out, shown)
	}
	return printDiff(ctx, env, out, made, all, shown)
}

// sayIncomplete warns of files that even the sandbox could not read.
func sayIncomplete(env Env, made *changes.Changes) {
	for line := range strings.Lines(made.Incomplete) {
		fmt.Fprintf(env.Err, "%s left out: %s\n", env.errStyle().warn("warning:"), repo.Visible(strings.TrimSuffix(line, "\n")))
	}
}

// handoffFirst keeps the order otherwise.
func handoffFirst(entries []changes.Entry) []changes.Entry {
	var first, rest []changes.Entry
	for _, e := range entries {
		if e.Handoff != "" {
			first = append(first, e)
		} else {
			rest = append(rest, e)
		}
	}
	return append(first, rest...)
}

// printDiff prints the hand-off files under a heading of their own, then the rest.
func printDiff(ctx context.Context, env Env, out io.Writer, made *changes.Changes, all, shown []changes.Entry) error {
	paint := env.outStyle()
	visible := map[string]bool{}
	handoffs := 0
	for _, e := range shown {
		visible[e.Path] = true
		if e.Handoff == "" {
			continue
		}
		if handoffs++; handoffs == 1 {
			fmt.Fprintln(out, paint.warn("Hand-off files: tools of yours run or trust them. Read them first."))
		}
		fmt.Fprintf(out, "  %s %s  (%s)\n", e.Status, repo.Visible(e.Path), e.Handoff)
	}
	part := func(handoff bool) error {
		return made.Patch(ctx, all, false, func(l changes.Line) error {
			e := all[l.Entry]
			if !visible[e.Path] || (e.Handoff != "") != handoff {
				return nil
			}
			return printLine(out, paint, l)
		})
	}
	if handoffs > 0 {
		fmt.Fprintln(out)
		if err := part(true); err != nil {
			return err
		}
	}
	if handoffs == len(shown) {
		return nil
	}
	if handoffs > 0 {
		fmt.Fprintf(out, "\n%s\n\n", paint.bold("Other files"))
	}
	return part(false)
}

func printLine(out io.Writer, paint style, l changes.Line) error {
	text, whole := bytes.CutSuffix(l.Text, []byte("\n"))
	shown := repo.VisibleLine(string(text))
	switch l.Kind {
	case changes.Header:
		shown = paint.bold(shown)
	case changes.Hunk:
		shown = paint.dim(shown)
	case changes.Added:
		shown = paint.good(shown)
	case changes.Deleted:
		shown = paint.bad(shown)
	}
	if whole {
		shown += "\n"
	}
	_, err := io.WriteString(out, shown)
	return err
}

func printStat(out io.Writer, entries []changes.Entry) error {
	var rows [][]string
	for _, e := range entries {
		count := fmt.Sprintf("+%d -%d", e.Added, e.Deleted)
		if e.Binary {
			count = "binary"
		}
		rows = append(rows, []string{e.Status, count, repo.Visible(e.Path), cmp.Or(e.Handoff, "-")})
	}
	return table(out, []string{"", "LINES", "FILE", "HAND-OFF"}, rows)
}
