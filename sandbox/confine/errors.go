package confine

import (
	"errors"
	"fmt"
	"syscall"
)

var (
	// ErrEnded says that the sandbox is gone.
	ErrEnded = errors.New("the sandbox has ended")
	// ErrNotReleased says that [Box.Go] was not called.
	ErrNotReleased = errors.New("the sandbox is not released yet")
)

// StartError says why a sandbox could not be made.
type StartError struct {
	// Step is what was being done: "make namespaces", "build the view".
	Step string
	// Message is the fact.
	Message string
	// Advice is what to do; it may be empty.
	Advice string
	// Errno is the kernel's answer, zero where there is none.
	Errno syscall.Errno
}

// Error says what was being done and what the kernel answered.
func (e *StartError) Error() string { return e.Step + ": " + e.Message }

// Hint says what to do about it.
func (e *StartError) Hint() string { return e.Advice }

// Unwrap gives the kernel's answer.
func (e *StartError) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// Problem is the kind of an [ExecError].
type Problem string

// The kinds of exec error.
const (
	// NotFound: no such file in the view. Whether the host has one that the
	// policy hides is for the caller to look up.
	NotFound Problem = "not found"
	// NotExecutable: a file is there, but it may not be executed.
	NotExecutable Problem = "not executable"
	// NoInterpreter: a script, or a program with a loader, that is not there.
	NoInterpreter Problem = "no interpreter"
	// BadDirectory: the working directory does not exist or may not be entered.
	BadDirectory Problem = "bad directory"
	// Paused: nothing starts until [Box.Resume].
	Paused Problem = "paused"
	// TooMany: the limit on processes is reached.
	TooMany Problem = "too many processes"
	// OtherProblem: see Errno.
	OtherProblem Problem = "refused"
)

// ExecError says why a program could not be started in a sandbox.
type ExecError struct {
	Problem Problem
	// Path is the program as given, or the file that was found for it; the
	// directory where that is the problem.
	Path string
	// Interpreter is what a script names in its first line, if it has one.
	Interpreter string
	// Errno is the kernel's answer.
	Errno syscall.Errno
}

// Error says what is wrong with the program.
func (e *ExecError) Error() string {
	switch e.Problem {
	case NotFound:
		return fmt.Sprintf("%s: not found in the sandbox", e.Path)
	case NotExecutable:
		return fmt.Sprintf("%s is not an executable program: %v", e.Path, e.Errno)
	case NoInterpreter:
		return fmt.Sprintf("%s: its interpreter %q is not in the sandbox", e.Path, e.Interpreter)
	case BadDirectory:
		return fmt.Sprintf("working directory %s: %v", e.Path, e.Errno)
	case TooMany:
		return fmt.Sprintf("start %s: the sandbox has as many processes and threads as it may have", e.Path)
	case Paused:
		return fmt.Sprintf("start %s: the sandbox is paused", e.Path)
	}
	return fmt.Sprintf("start %s: %v", e.Path, e.Errno)
}

// Unwrap gives the kernel's answer.
func (e *ExecError) Unwrap() error { return e.Errno }
