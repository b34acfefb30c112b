package tool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// The codes of an Error; the set is closed.
const (
	CodeBadArgument = "bad_argument" // the call has to be changed
	CodeNotFound    = "not_found"    // no such sandbox, denial or proposal
	CodeConflict    = "conflict"     // the base has moved; read again and repeat
	CodeRefused     = "refused"      // not to be had this way, whatever the arguments
	CodeInternal    = "internal"     // our side failed
)

// Error is a failure in the form both kinds of clients show.
type Error struct {
	Code       string `json:"error"`
	Message    string `json:"message"`
	DidYouMean string `json:"did_you_mean,omitempty"`
	NextStep   string `json:"next_step"`
	Retryable  bool   `json:"retryable"`
}

func (e *Error) Error() string { return e.bounded().Message }

// maxMessage bounds the texts of an error, as JSON: a policy can have a
// thousand mistakes, and the first ones say enough.
const maxMessage = 3 << 10

func (e *Error) bounded() *Error {
	short := *e
	for _, text := range []*string{&short.Message, &short.DidYouMean, &short.NextStep} {
		*text = shorten(*text, maxMessage)
	}
	return &short
}

// mean adds what was probably meant.
func (e *Error) mean(got string, known []string) *Error {
	e.DidYouMean = nearest(got, known)
	return e
}

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

// Decode reads arguments that keep to the tool's schema; what lies deeper in
// them is read as strictly.
func Decode(raw json.RawMessage, into any) *Error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return BadArgument("argument %q: want %s, got a JSON %s", wrong.Field, kindOf(wrong), wrong.Value)
	}
	if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return BadArgument("unknown argument %s", clip(name)).mean(strings.Trim(name, `"`), fieldsOf(into))
	}
	return BadArgument("arguments: %v", err)
}

// kindOf names a Go type as a caller would.
func kindOf(wrong *json.UnmarshalTypeError) string {
	switch kind := wrong.Type.Kind().String(); kind {
	case "int", "int64":
		return "a whole number"
	case "slice":
		return "a list"
	case "struct", "map":
		return "an object"
	case "bool":
		return "true or false"
	default:
		return "a " + kind
	}
}
