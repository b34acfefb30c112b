package approvals

import (
	"fmt"
	"io"
	"strings"
	"time"

	"exeat/approvals/risk"
)

// Style paints the parts of a rendered review; a nil function leaves text as
// it is. Nothing is said by paint alone.
type Style struct {
	Heading, Added, Removed, Alarm, Faint func(string) string
	Width                                 int // columns; 0 is 80
}

func paint(with func(string) string, text string) string {
	if with == nil {
		return text
	}
	return with(text)
}

// Render writes a review for a terminal: what it permits, what speaks against
// it, in short what it takes away, the diff and the digest to type; the
// proposer's words come last. All text is printable ASCII whatever the records
// hold.
func Render(w io.Writer, r Review, s Style) error {
	if s.Width <= 0 {
		s.Width = 80
	}
	page := &page{style: s}
	page.head(r)
	page.permits(r)
	page.findings(r)
	page.history(r)
	page.withdrawn(r)
	page.diff(r)
	page.line("\n%s %s   (%s)", paint(s.Heading, "Digest"), paint(s.Heading, r.Short), r.Digest)
	page.words(r)
	_, err := io.WriteString(w, page.out.String())
	return err
}

// page collects the text of one review.
type page struct {
	out   strings.Builder
	style Style
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

func (p *page) heading(text string) { p.line("\n%s", paint(p.style.Heading, text)) }

func (p *page) head(r Review) {
	title := "Change of sandbox " + Neutral(r.Sandbox)
	if r.ID != 0 {
		title = fmt.Sprintf("Proposal %d for sandbox %s", r.ID, Neutral(r.Sandbox))
	}
	p.line("%s", paint(p.style.Heading, title))
	if r.ID != 0 {
		p.line("  %-10s%s", "from", cut(Neutral(r.Proposer), maxProposer))
		p.line("  %-10s%s", "filed", r.CreatedAt.Local().Format(time.DateTime))
		p.line("  %-10s%s", "expires", r.ExpiresAt.Local().Format(time.DateTime))
		status := r.Status
		if r.Comment != "" { // the reviewer's words, or why it ended by itself
			status += ": " + r.Comment
		}
		p.line("  %-10s%s", "status", status)
	}
	p.line("  %-10srevision %d", "changes", r.BaseRevision)
}

func (p *page) permits(r Review) {
	p.heading("Newly permitted")
	for _, permit := range r.Permits {
		p.item(paint(p.style.Added, "+"), 4, permit)
	}
	if len(r.Permits) == 0 {
		p.line("    nothing")
	}
}

func (p *page) findings(r Review) {
	if len(r.Findings) == 0 {
		return
	}
	p.heading("Look at")
	for _, f := range r.Findings {
		label := fmt.Sprintf("%-8s", string(f.Severity))
		if f.Severity == risk.High {
			label = paint(p.style.Alarm, label)
		}
		p.item(label, 11, f.Message)
	}
}

// item writes a label and a text that hangs beside it.
func (p *page) item(label string, indent int, text string) {
	for i, line := range wrap(Neutral(text), p.style.Width-indent) {
		if i == 0 {
			p.line("  %s %s", label, line)
		} else {
			p.line("%*s%s", indent, "", line)
		}
	}
}

func (p *page) history(r Review) {
	if len(r.WouldAllow) > 0 {
		p.heading("Recorded denials it would have allowed")
		for _, line := range wrap(numbers(r.WouldAllow), p.style.Width-4) {
			p.line("    %s", line)
		}
	}
	if len(r.Rejected) > 0 {
		p.heading("Rejected before, asking for some of the same")
		for _, earlier := range r.Rejected {
			p.item(fmt.Sprintf("%-4d", earlier.ID), 7, earlier.Comment)
		}
	}
}

func (p *page) diff(r Review) {
	p.heading("Diff")
	if r.Diff == "" {
		p.line("    none: the policy stays as it is")
	}
	for line := range strings.Lines(neutralLines(r.Diff)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "+"):
			line = paint(p.style.Added, line)
		case strings.HasPrefix(line, "-"):
			line = paint(p.style.Removed, line)
		case strings.HasPrefix(line, "@@"):
			line = paint(p.style.Faint, line)
		}
		p.line("%s", line)
	}
}

// words are the proposer's own, fenced so that none of them can pass for ours.
func (p *page) words(r Review) {
	if r.Untrusted.Reason == "" {
		return
	}
	p.heading("The proposer's own words, not checked by anyone")
	for _, line := range wrap(Neutral(r.Untrusted.Reason), p.style.Width-4) {
		p.line("  | %s", line)
	}
}

func numbers(ids []int64) string {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = fmt.Sprint(id)
	}
	return strings.Join(text, ", ")
}

// wrap breaks text at spaces into lines of at most width characters, words
// longer than that where they end.
func wrap(text string, width int) []string {
	width = max(width, 20)
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
		for last = &lines[len(lines)-1]; len(*last) > width; last = &lines[len(lines)-1] {
			rest := (*last)[width:]
			*last = (*last)[:width]
			lines = append(lines, rest)
		}
	}
	return lines
}
