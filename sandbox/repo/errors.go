package repo

// Error is a fact that stops an operation, with the way out.
type Error struct {
	Text string
	Way  string // a command, or ""
	Err  error  // may be nil
}

func (e *Error) Error() string { return e.Text }

// Hint returns what to do next, or "".
func (e *Error) Hint() string { return e.Way }

func (e *Error) Unwrap() error { return e.Err }
