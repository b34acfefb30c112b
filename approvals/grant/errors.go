package grant

import (
	"errors"
	"fmt"
	"strings"

	"exeat/store"
)

// ErrBaseMoved says that the policy in force changed after it was reviewed.
var ErrBaseMoved = errors.New("the policy changed while this was being reviewed")

// ErrNotLoaded says that a signed revision could not be put in force; nothing changed.
var ErrNotLoaded = errors.New("not put in force")

// problem is an error with the next step.
type problem struct {
	error
	hint string
}

func (p *problem) Hint() string { return p.hint }

func (p *problem) Unwrap() error { return p.error }

// wrongApprover refuses a key the sandbox has not pinned, before anybody has
// typed a passphrase for it.
func wrongApprover(sandbox store.Sandbox, fingerprint string, trusted []store.Approver) error {
	var names []string
	for _, approver := range trusted {
		names = append(names, approver.Name+" "+approver.Fingerprint)
	}
	return &problem{
		fmt.Errorf("the key here, %s, is no approver of sandbox %q: it takes %s", fingerprint, sandbox.Name, strings.Join(names, ", ")),
		"exeat sandbox get " + sandbox.Name,
	}
}
