package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"

	"exeat/store"
)

// NewTestSigner is an open key that was never sealed: unsealing takes a second each.
func NewTestSigner(t *testing.T, name string) *Signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return newSigner(private, store.Approver{Name: name, Fingerprint: Fingerprint(public), Strength: Passphrase, Public: public})
}

var ParseAnchors = parseAnchors
