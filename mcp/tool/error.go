package tool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The codes of an Error; the set is closed.
const (
	CodeBadArgument = "bad_argument" // the call has to be changed
	CodeNotFound    = "not_found"    // no such sandbox, denial or proposal
	CodeConflict    = "conflict"     // the base has moved; read again and repeat
	CodeRefused     = "refused"      // not to be had this way, whatever the arguments
	CodeUnavailable = "unavailable"  // may work later
	CodeInternal    = "internal"
)

// Error is a failure in the form both kinds of clients show.
type Error struct {
	Code       string `json:"error"`
	Message    string `json:"message"`
	DidYouMean string `json:"did_you_mean,omitempty"`
	NextStep   string `json:"next_step"`
	Retryable  bool   `json:"retryable"`
}

func (e *Error) Error() string { return e.Message }

// BadArgument is a call with wrong arguments.
func BadArgument(format string, a ...any) *Error {
	return &Error{Code: CodeBadArgument, Message: fmt.Sprintf(format, a...), NextStep: "correct the arguments and call the tool again"}
}

// NotFound is a name or id that nothing has.
func NotFound(next, format string, a ...any) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf(format, a...), NextStep: next}
}

// Internal is a failure on our side.
func Internal(err error) *Error {
	return &Error{Code: CodeInternal, Message: err.Error(), NextStep: "tell the user what this says", Retryable: true}
}

// Decode reads arguments strictly: an argument nobody knows is a mistake the
// caller should hear of, not one that silently does something else.
func Decode(raw json.RawMessage, into any) *Error {
	if len(raw) == 0 || string(raw) == "null" {
		raw = json.RawMessage("{}")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return BadArgument("argument %q: want %s, got a JSON %s", wrong.Field, kindOf(wrong), wrong.Value)
	case err != nil && strings.HasPrefix(err.Error(), "json: unknown field "):
		return BadArgument("unknown argument %s", strings.TrimPrefix(err.Error(), "json: unknown field "))
	case err != nil:
		return BadArgument("arguments: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return BadArgument("arguments: something follows the object")
	}
	return nil
}

// kindOf names a Go type as a caller would.
func kindOf(wrong *json.UnmarshalTypeError) string {
	switch kind := wrong.Type.Kind().String(); kind {
	case "int", "int64", "float64":
		return "a number"
	case "slice", "array":
		return "a list"
	case "struct", "map":
		return "an object"
	case "bool":
		return "true or false"
	default:
		return "a " + kind
	}
}
