package diff

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// context is the number of unchanged lines shown around a change.
const context = 3

// Text compares two texts line by line as a unified diff with three lines of
// context, or "" when they are equal. Its hunks are exact: a text that does not
// end in a newline is marked as such, so that nothing signed is left unseen.
func Text(aName, bName string, a, b []byte) string {
	if bytes.Equal(a, b) {
		return ""
	}
	edits := edits(string(a), string(b))
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", aName, bName)
	for _, h := range hunks(edits) {
		h.write(&out, edits)
	}
	return out.String()
}

// edit is one line of either text, with its newline, and where it stands.
type edit struct {
	op   byte // ' ', '-' or '+'
	line string
}

// edits aligns the lines of both texts.
func edits(a, b string) []edit {
	dmp := diffmatchpatch.New()
	// The text may be an agent's: past this the diff is still true, only longer.
	dmp.DiffTimeout = time.Second
	charsA, charsB, lines := dmp.DiffLinesToChars(a, b)
	var out []edit
	for _, d := range dmp.DiffCharsToLines(dmp.DiffMain(charsA, charsB, false), lines) {
		op := "- +"[d.Type-diffmatchpatch.DiffDelete]
		for line := range strings.SplitAfterSeq(d.Text, "\n") {
			if line != "" {
				out = append(out, edit{op, line})
			}
		}
	}
	return out
}

// hunk is a run of edits, with the numbers of the lines before it.
type hunk struct {
	from, to int // indexes of edits
	beforeA  int
	beforeB  int
	countA   int
	countB   int
}

// hunks groups changes whose contexts touch.
func hunks(edits []edit) []hunk {
	var out []hunk
	lineA, lineB := 0, 0
	for i, e := range edits {
		if e.op != ' ' {
			if len(out) == 0 || i-out[len(out)-1].to > context {
				lead := min(context, i)
				out = append(out, hunk{from: i - lead, beforeA: lineA - lead, beforeB: lineB - lead})
			}
			out[len(out)-1].to = min(i+1+context, len(edits))
		}
		lineA, lineB = lineA+uses(e, '-'), lineB+uses(e, '+')
	}
	for i := range out {
		for _, e := range edits[out[i].from:out[i].to] {
			out[i].countA += uses(e, '-')
			out[i].countB += uses(e, '+')
		}
	}
	return out
}

// uses is 1 when the edit is a line of the text that op removes from or adds to.
func uses(e edit, op byte) int {
	if e.op == ' ' || e.op == op {
		return 1
	}
	return 0
}

func (h hunk) write(out *strings.Builder, edits []edit) {
	fmt.Fprintf(out, "@@ -%s +%s @@\n", span(h.beforeA, h.countA), span(h.beforeB, h.countB))
	for _, e := range edits[h.from:h.to] {
		out.WriteByte(e.op)
		out.WriteString(e.line)
		if !strings.HasSuffix(e.line, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// span is "start,count" as diff -u writes it.
func span(before, count int) string {
	start := before + 1
	if count == 0 {
		start = before
	}
	if count == 1 {
		return fmt.Sprint(start)
	}
	return fmt.Sprintf("%d,%d", start, count)
}
