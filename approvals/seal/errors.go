package seal

import "errors"

// Why a statement is not accepted. Errors returned by this package wrap one of
// them and name both sides of what differs.
var (
	ErrMalformed       = errors.New("malformed statement")
	ErrUnknownApprover = errors.New("signed by a key that is not an approver of this sandbox")
	ErrSignature       = errors.New("the signature does not match the statement")
	ErrSandbox         = errors.New("signed for another sandbox")
	ErrSequence        = errors.New("not the next in sequence")
	ErrPrevious        = errors.New("does not follow the statement in force")
	ErrPolicy          = errors.New("signed for another policy")
	ErrAuthority       = errors.New("signed for a sandbox set up differently")
	ErrExpired         = errors.New("the statement has expired")
	ErrFrozen          = errors.New("the sandbox is frozen: no approver is pinned")
)

// Errors of keys.
var (
	ErrPassphrase      = errors.New("wrong passphrase")
	ErrEmptyPassphrase = errors.New("a passphrase cannot be empty")
	ErrClosed          = errors.New("the signer is closed")
	ErrKeyExists       = errors.New("an approver key exists already")
)

// problem is an error with the next step.
type problem struct {
	error
	hint string
}

func (p *problem) Hint() string { return p.hint }

func (p *problem) Unwrap() error { return p.error }
