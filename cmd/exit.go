package cmd

import (
	"context"
	"errors"
)

// Exit codes. 10 to 12 are those of `policy diff`; 124 to 127 follow timeout(1) and env(1).
const (
	exitOK       = 0
	exitError    = 1
	exitUsage    = 2
	exitHandoff  = 3 // of `sandbox stop`: hand-off files have changed
	exitNarrower = 10
	exitWider    = 11
	exitBoth     = 12
	exitTimeout  = 124
	exitSandbox  = 125 // exeat itself could not run the program
	exitNotExec  = 126 // the program is there and cannot be executed
	exitNotFound = 127 // the program is not in the sandbox
)

// codeError carries the exit code of an outcome; with a nil error nothing is printed.
type codeError struct {
	code int
	err  error
}

func (e *codeError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *codeError) Unwrap() error { return e.err }

// usageError is a mistake in the command's words; the usage line is printed with it.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) Hint() string  { return e.hint }

// notRun gives a failure of exeat itself, where the exit code is a program's
// otherwise, the code that says so; mistakes in the words keep theirs.
func notRun(err error) error {
	if code := exitCode(err); code != exitError {
		return err
	}
	var outcome *codeError
	if errors.As(err, &outcome) {
		return err // the program's own 1
	}
	return &codeError{exitSandbox, err}
}

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	var code *codeError
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return code.code
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimeout
	}
	return exitError
}
