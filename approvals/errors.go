package approvals

import "fmt"

// The codes of an Error; the set is closed.
const (
	CodeInvalid   = "invalid_policy"    // the candidate is no valid policy
	CodeArgument  = "invalid_argument"  // the submission itself is malformed
	CodeStatic    = "static_sections"   // it would change what is fixed while a sandbox runs
	CodeUnchanged = "already_permitted" // the candidate is the policy in force
	CodeBaseMoved = "base_moved"        // it was written against an older revision
	CodeChanged   = "proposal_changed"  // its record was altered after it was filed
	CodeNotFound  = "not_found"
	CodeDecided   = "already_decided"
	CodeFrozen    = "frozen"
	CodeThrottled = "throttled" // too many, or too many rejected
)

// Error is a refusal: Code is for programs, Message for people, and Hint,
// where there is one, says what to do next.
type Error struct {
	Code    string
	Message string
	HintOf  string
}

func (e *Error) Error() string { return e.Message }

// Hint returns what to do next, or "".
func (e *Error) Hint() string { return e.HintOf }

func refuse(code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), HintOf: hint}
}
