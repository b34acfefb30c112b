package seal

import (
	"crypto/ed25519"

	"exeat/store"
)

// Signer is an open key. Close it as soon as the last statement is signed.
type Signer struct {
	approver store.Approver
	// The private key lives in these closures and in no field: fmt prints
	// unexported fields of a struct it is given, and functions as an address.
	sign   func(message []byte) ([]byte, error)
	forget func()
}

// newSigner takes the key over: Close overwrites it.
func newSigner(private ed25519.PrivateKey, approver store.Approver) *Signer {
	closed := false
	return &Signer{
		approver: approver,
		sign: func(message []byte) ([]byte, error) {
			if closed {
				return nil, ErrClosed
			}
			return ed25519.Sign(private, message), nil
		},
		forget: func() {
			closed = true
			clear(private)
		},
	}
}

// Approver is the public side of the key.
func (s *Signer) Approver() store.Approver { return s.approver }

// Sign completes a statement with version and approver and signs it. It
// returns the statement's canonical bytes and the signature over them.
func (s *Signer) Sign(statement Statement) (text, signature []byte, err error) {
	statement.Version = version
	statement.Approver = s.approver.Fingerprint
	text = statement.Bytes()
	signature, err = s.sign(append([]byte(domain), text...))
	return text, signature, err
}

// String names the key, never its secret.
func (s *Signer) String() string { return s.approver.Name + " " + s.approver.Fingerprint }

// Close overwrites the private key; signing fails from then on.
func (s *Signer) Close() { s.forget() }
