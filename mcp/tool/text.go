package tool

// textBudget is how much of a policy's text one result holds, in bytes.
const textBudget = 8 << 10

// Text is a page of a policy.
type Text struct {
	Revision  int    `json:"revision"`
	Text      string `json:"text"`
	Truncated bool   `json:"truncated"`
	Next      int    `json:"next_offset,omitempty"`
}

// PageText returns the page of text from offset on, which is within the text.
func PageText(revision int, text string, offset int) Text {
	end := min(offset+textBudget, len(text))
	page := Text{Revision: revision, Text: text[offset:end], Truncated: end < len(text)}
	if page.Truncated {
		page.Next = end
	}
	return page
}
