package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// hintError is an error that knows what to do next.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }
func (e *hintError) Hint() string  { return e.hint }

// report prints an error as the fact and, on a line of its own, the way out.
// With asJSON it prints one object, so that scripts need not parse prose.
func report(env Env, err error, asJSON bool) {
	text := err.Error()
	if text == "" {
		return
	}
	if asJSON {
		_ = json.NewEncoder(env.Err).Encode(struct {
			Error string `json:"error"`
			Hint  string `json:"hint,omitempty"`
		}{text, hintOf(err)})
		return
	}
	paint := env.errStyle()
	for line := range strings.Lines(text) { // several problems of one file, or of one step and its undoing
		fmt.Fprintf(env.Err, "%s %s\n", paint.bad("error:"), strings.TrimRight(line, "\n"))
	}
	for line := range strings.Lines(hintOf(err)) {
		fmt.Fprintf(env.Err, "%s %s\n", paint.dim("hint:"), strings.TrimRight(line, "\n"))
	}
}

// hintOf returns the hint of the outermost error in the chain that has one.
func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}
