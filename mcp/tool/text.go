package tool

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Every result stays below 10 kB as JSON, where a quotation mark has two bytes
// and an angle bracket six: Codex cuts at about 12 kB, in the middle of a word.
const (
	textBudget   = 8 << 10 // of a page of a policy
	listBudget   = 8 << 10 // of a page of denials or sandboxes
	optionBudget = 4 << 10
	refBudget    = 2 << 10
	maxText      = 300 // of a text chosen in the sandbox; the record has it whole
)

// size is how many bytes a value has as JSON.
func size(value any) int {
	text, _ := json.Marshal(value)
	return len(text)
}

// Cut returns the beginning of text that has at most budget bytes as JSON.
func Cut(text string, budget int) string {
	for i, r := range text {
		if budget -= width(r); budget < 0 {
			return text[:i]
		}
	}
	return text
}

// width is how many bytes encoding/json writes for a letter, or a few more.
func width(r rune) int {
	switch {
	case r == '"' || r == '\\' || r == '\n':
		return 2
	case r < ' ', r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return 6
	}
	return utf8.RuneLen(r)
}

// shorten is Cut that shows that something is missing.
func shorten(text string, budget int) string {
	if len(Cut(text, budget)) == len(text) {
		return text
	}
	return Cut(text, budget-len(mark)) + mark
}

// mark stands where text was cut, here and in the store.
const mark = "..."

func clip(text string) string { return shorten(text, maxText) }

// wholeText says whether the store has kept all of a text.
func wholeText(text string) bool { return len(text) < 1000 || !strings.HasSuffix(text, mark) }

// Fitting returns the first items that have at most budget bytes as JSON; it is never nil.
func Fitting[T any](items []T, budget int) []T {
	kept := []T{}
	for _, item := range items {
		if budget -= size(item) + 1; budget < 0 {
			break
		}
		kept = append(kept, item)
	}
	return kept
}

// Page returns the first items, at most limit and at least one, that fit a
// result; it is never nil.
func Page[T any](items []T, limit int) []T {
	page := Fitting(items[:min(limit, len(items))], listBudget)
	if len(page) == 0 && len(items) > 0 {
		page = append(page, items[0])
	}
	return page
}

// Text is a page of a policy.
type Text struct {
	Revision  int    `json:"revision"`
	Text      string `json:"text"`
	Truncated bool   `json:"truncated"`
	Next      int    `json:"next_offset,omitempty"`
}

// PageText returns the page of text from offset on.
func PageText(revision int, text string, offset int) (Text, *Error) {
	if offset < 0 || offset > len(text) {
		return Text{}, BadArgument("offset: want 0 to %d, got %d", len(text), offset)
	}
	page := Text{Revision: revision, Text: Cut(text[offset:], textBudget)}
	if end := offset + len(page.Text); end < len(text) {
		page.Truncated, page.Next = true, end
	}
	return page, nil
}
