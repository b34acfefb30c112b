package sandbox

import (
	"context"
	"errors"
	"fmt"

	"exeat/store"
)

// Error is a mistake a person can repair: the fact and a command that helps.
type Error struct {
	Text string
	Way  string
	Err  error // may be nil
}

func (e *Error) Error() string { return e.Text }

// Hint returns what to do next, or "".
func (e *Error) Hint() string { return e.Way }

func (e *Error) Unwrap() error { return e.Err }

// unknown explains a name that no sandbox has.
func (s *Sandboxes) unknown(ctx context.Context, name string) error {
	e := &Error{Text: fmt.Sprintf("no sandbox is called %q", name), Way: "exeat sandbox list", Err: store.ErrNotFound}
	boxes, err := s.Store.Sandboxes(ctx)
	if err != nil {
		return e
	}
	if len(boxes) == 0 {
		e.Way = fmt.Sprintf("exeat sandbox create %s -- bash", name)
		return e
	}
	best := min(3, len(name)) // edits; further away is another word, not a slip
	for _, box := range boxes {
		if d := distance(name, box.Name); d < best {
			best, e.Way = d, fmt.Sprintf("did you mean %q?", box.Name)
		}
	}
	return e
}

// distance is the Levenshtein distance of two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// conflict explains that a name is taken.
func conflict(name string, err error) error {
	if !errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("create sandbox %q: %w", name, err)
	}
	return &Error{
		Text: fmt.Sprintf("a sandbox called %q exists already", name),
		Way:  fmt.Sprintf("exeat sandbox connect %s   (or: exeat sandbox delete %s)", name, name),
		Err:  err,
	}
}
