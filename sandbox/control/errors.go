package control

import (
	"context"
	"errors"
	"fmt"
)

// ErrNotRunning says that nobody serves the socket: the sandbox is stopped.
var ErrNotRunning = errors.New("sandbox is not running")

// noAnswer says that a supervisor hangs: it was stopped by a signal, or its disk does not answer.
type noAnswer struct{ call string }

func (e *noAnswer) Error() string {
	return fmt.Sprintf("control call %s: the supervisor does not answer", e.call)
}

func (e *noAnswer) Unwrap() error { return context.DeadlineExceeded }

// Hint is a way out: what is refused an answer is killed.
func (e *noAnswer) Hint() string {
	return "exeat sandbox stop NAME   (ends the sandbox even so; exeat sandbox start NAME brings it back)"
}

// The codes of an Error; the set is closed.
const (
	CodeBadRequest    = "bad_request"
	CodeNotFound      = "not_found"         // no such revision
	CodeFrozen        = "frozen"            // no approver is pinned; nothing can be loaded
	CodeRefused       = "refused"           // signature, order or authority do not hold
	CodeInvalid       = "invalid_policy"    // the revision does not compile
	CodeNoProgram     = "program_not_found" // the program is nowhere in the sandbox's PATH
	CodeHidden        = "program_hidden"    // the host has it, the policy's paths do not show it
	CodeNotExecutable = "program_not_executable"
	CodeStopping      = "stopping"
	CodePaused        = "paused"             // nothing starts until it is resumed
	CodeStart         = "start"              // the sandbox could not be built
	CodeTooMany       = "too_many_processes" // the limit is reached
	CodeBusy          = "busy"               // too many connections at once
	CodeInternal      = "internal"
)

// Error is a failure that crossed the socket. Code is for programs, Message
// for people, and Hint, where there is one, a command that helps.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	HintOf  string `json:"hint,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Hint returns what to do next, or "".
func (e *Error) Hint() string { return e.HintOf }

// Errorf makes an Error without a hint.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithHint returns e with a hint.
func (e *Error) WithHint(hint string) *Error {
	return &Error{Code: e.Code, Message: e.Message, HintOf: hint}
}

// AsError gives any error a code, keeping the one it has and the hint it carries.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var typed *Error
	if errors.As(err, &typed) {
		return &Error{Code: typed.Code, Message: err.Error(), HintOf: typed.HintOf}
	}
	e := Errorf(CodeInternal, "%v", err)
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		e.HintOf = hinted.Hint()
	}
	return e
}
