package cmd

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"exeat/policy/diff"
	"exeat/sandbox"
	"exeat/sandbox/baseline"
	"exeat/sandbox/repo"
	"exeat/store"
)

// diffWorkdir is `sandbox diff` of a live workdir.
func diffWorkdir(env Env, boxes *sandbox.Sandboxes, info sandbox.Info, opts handoffOptions, json bool) error {
	if info.Spec.Workdir == "" {
		return &hintError{fmt.Errorf("sandbox %q has no directory of the host to compare", info.Name), "exeat sandbox create --workdir DIR -- bash"}
	}
	found, err := opts.settle(env, boxes, info.Sandbox)
	if err != nil {
		return err
	}
	if json {
		return writeJSON(env.Out, handoffRows(found.Changes()))
	}
	return printHandoffs(env, info.Sandbox, found)
}

// handoffRow is a change as JSON.
type handoffRow struct {
	Path string `json:"path"` // printable ASCII, the rest escaped
	What string `json:"what"`
	Why  string `json:"why"`
	Kind string `json:"kind,omitempty"`
	Mode string `json:"mode,omitempty"`
	Link string `json:"link,omitempty"`
}

func handoffRows(changes []baseline.Change) []handoffRow {
	rows := []handoffRow{}
	for _, c := range changes {
		row := handoffRow{Path: repo.Visible(c.Path), What: c.What, Why: repo.Visible(c.Why)}
		if c.After != nil {
			row.Kind, row.Mode, row.Link = string(c.After.Kind), fmt.Sprintf("%04o", c.After.Mode), repo.Visible(c.After.Target)
		}
		rows = append(rows, row)
	}
	return rows
}

// printHandoffs prints the list, then what changed in each file.
func printHandoffs(env Env, box store.Sandbox, found sandbox.Handoffs) error {
	changes := found.Changes()
	if found.After != nil && found.After.Cut {
		fmt.Fprintf(env.Err, "%s %s has more files than are searched: there may be more\n", env.errStyle().warn("warning:"), repo.Visible(box.Spec.Workdir))
	}
	if len(changes) == 0 {
		fmt.Fprintf(env.Err, "no hand-off file of %s has changed\n", repo.Visible(box.Spec.Workdir))
		return nil
	}
	printChanges(env.Out, changes)
	for _, c := range changes[:min(len(changes), diffsMax)] {
		if text := changeText(found, c); text != "" {
			fmt.Fprintf(env.Out, "\n%s", paintDiff(env.outStyle(), text))
		}
	}
	return nil
}

const (
	// diffMax bounds what is shown of one file, in bytes.
	diffMax = 64 << 10
	// diffsMax is of how many files more than the name is shown.
	diffsMax = 200
)

// changeText is the unified diff of a text file, every line made safe to print.
func changeText(h sandbox.Handoffs, c baseline.Change) string {
	before, _ := h.Before.Content(c.Before)
	after, _ := h.After.Content(c.After)
	if bytes.Equal(before, after) {
		return ""
	}
	name := repo.Visible(c.Path)
	if !isText(before) || !isText(after) {
		return fmt.Sprintf("binary file %s: %d bytes, was %d\n", name, len(after), len(before))
	}
	text := diff.Text("a/"+name, "b/"+name, before, after)
	var b strings.Builder
	for line := range strings.Lines(text) {
		if b.Len() > diffMax {
			fmt.Fprintf(&b, "... cut after %d bytes\n", diffMax)
			break
		}
		b.WriteString(repo.VisibleLine(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return b.String()
}

func isText(content []byte) bool { return utf8.Valid(content) && !bytes.ContainsRune(content, 0) }
