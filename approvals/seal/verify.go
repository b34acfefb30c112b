package seal

import (
	"crypto/ed25519"
	"fmt"

	"exeat/store"
)

// domain goes before the signed bytes, so that a signature made here can never
// be one over some other program's message.
const domain = "exeat policy statement\x00"

// Verify decodes a statement and checks that one of the pinned approvers
// signed exactly these bytes. It says nothing about whether it fits: see Chain.
func Verify(statement, signature []byte, pinned []store.Approver) (Statement, error) {
	if len(pinned) == 0 {
		return Statement{}, ErrFrozen
	}
	s, err := Decode(statement)
	if err != nil {
		return Statement{}, err
	}
	for _, approver := range pinned {
		// The name of the key is computed: a record's own word for it proves nothing.
		if !validPublic(approver.Public) || Fingerprint(approver.Public) != s.Approver {
			continue
		}
		if !ed25519.Verify(approver.Public, append([]byte(domain), statement...), signature) {
			return Statement{}, fmt.Errorf("%w of %s", ErrSignature, s.Approver)
		}
		return s, nil
	}
	return Statement{}, fmt.Errorf("%w: %s", ErrUnknownApprover, s.Approver)
}
