package supervisor

// hintError is a fact with the way out.
type hintError struct {
	text string
	way  string
}

func (e *hintError) Error() string { return e.text }

// Hint returns what to do next.
func (e *hintError) Hint() string { return e.way }
