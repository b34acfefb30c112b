package approvals

// Bounds of what is said of permissions that a change takes away: a flood of
// them must not push what it newly permits off the screen.
const (
	maxWithdrawnLines = 10
	maxWithdrawn      = 200 // characters of one
)

// withdrawn lists some of what is no longer permitted, and counts the rest.
func (p *page) withdrawn(r Review) {
	if len(r.Withdrawn) == 0 {
		return
	}
	p.heading("No longer permitted, or only in part")
	lines := 0
	for i, text := range r.Withdrawn {
		text = cut(Neutral(text), maxWithdrawn)
		lines += len(wrap(text, p.style.Width-4))
		if lines > maxWithdrawnLines {
			p.line("    and %d more", len(r.Withdrawn)-i)
			return
		}
		p.item(paint(p.style.Removed, "-"), 4, text)
	}
}
