package changes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"exeat/sandbox/handoff"
)

// Entry is a file that differs from what the sandbox started with.
type Entry struct {
	Path    string // any bytes but NUL
	Status  string // A added, M modified, D deleted, T of another kind now
	OldMode uint32 // 0 when added; the bits of st_mode
	NewMode uint32 // 0 when deleted
	Object  string // content now
	Handoff string // who runs or trusts it; "" for an ordinary file
	Added   int    // lines
	Deleted int    // lines
	Binary  bool
}

// Executable says whether the file can be run now and could not before.
func (e Entry) Executable() bool { return e.NewMode == 0o100755 && e.OldMode != 0o100755 }

// Gitlink says whether it is, or was, a repository in the repository.
func (e Entry) Gitlink() bool { return e.NewMode == 0o160000 || e.OldMode == 0o160000 }

// twoTrees are the options under which all outputs of diff-tree name the same
// files in the same order.
var twoTrees = []string{"diff-tree", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--submodule=short", "--ignore-submodules=none"}

func (c *Changes) diffTree(ctx context.Context, out *bytes.Buffer, options ...string) error {
	return c.git.Run(ctx, nil, out, append(append(twoTrees[:len(twoTrees):len(twoTrees)], options...), c.base, c.snapshot)...)
}

// Entries are all files that differ, in the order of git's trees.
func (c *Changes) Entries(ctx context.Context) ([]Entry, error) {
	var raw, lines bytes.Buffer
	if err := c.diffTree(ctx, &raw, "--raw", "-z", "--no-abbrev"); err != nil {
		return nil, err
	}
	if err := c.diffTree(ctx, &lines, "--numstat", "-z"); err != nil {
		return nil, err
	}
	entries, err := parseRaw(raw.String())
	if err != nil {
		return nil, err
	}
	counts := parseCounts(lines.String())
	for i := range entries {
		n := counts[entries[i].Path]
		entries[i].Added, entries[i].Deleted, entries[i].Binary = n.added, n.deleted, n.binary
	}
	return entries, nil
}

// Uncommitted counts the files that differ from the HEAD of the sandbox. Only
// [Branches] takes over what that needs.
func (c *Changes) Uncommitted(ctx context.Context) (int, error) {
	if _, err := c.git.Output(ctx, "cat-file", "-e", c.head); c.head == "" || err != nil {
		return 0, nil // its HEAD is no branch's
	}
	out, err := c.git.Output(ctx, "diff-tree", "-r", "-z", "--name-only", "--no-renames", c.head, c.snapshot)
	return strings.Count(out, "\x00"), err
}

// parseRaw reads ":100644 100755 OLD NEW M\0PATH\0" (git-diff-tree(1), "Raw
// output format").
func parseRaw(text string) ([]Entry, error) {
	var entries []Entry
	for text != "" {
		head, rest, _ := strings.Cut(text, "\x00")
		path, after, ok := strings.Cut(rest, "\x00")
		f := strings.Fields(strings.TrimPrefix(head, ":"))
		if !ok || len(f) != 5 {
			return nil, errors.New("git diff-tree: output of an unknown form")
		}
		e := Entry{Path: path, Status: f[4][:1], Object: f[3]}
		for i, mode := range []*uint32{&e.OldMode, &e.NewMode} {
			n, err := strconv.ParseUint(f[i], 8, 32)
			if err != nil {
				return nil, fmt.Errorf("git diff-tree: %w", err)
			}
			*mode = uint32(n)
		}
		e.Handoff = handoffOf(e)
		entries, text = append(entries, e), after
	}
	return entries, nil
}

// handoffOf goes by the name, and by the kind of what is there now.
func handoffOf(e Entry) string {
	why, ok := handoff.Match(e.Path)
	if !ok && e.NewMode != 0 {
		why, _ = handoff.Kind(e.NewMode)
	}
	return why
}

type count struct {
	added, deleted int
	binary         bool
}

// parseCounts reads "ADDED\tDELETED\tPATH\0", with dashes for binary files.
func parseCounts(text string) map[string]count {
	counts := map[string]count{}
	for record := range strings.SplitSeq(text, "\x00") {
		f := strings.SplitN(record, "\t", 3)
		if len(f) != 3 {
			continue
		}
		n := counts[f[2]]
		added, err := strconv.Atoi(f[0])
		deleted, _ := strconv.Atoi(f[1])
		counts[f[2]] = count{n.added + added, n.deleted + deleted, n.binary || err != nil}
	}
	return counts
}
