package credential_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"exeat/proxy/credential"
)

// The Secret Service is played by the client library itself: no machine of the tests has one.
func TestKeyring(t *testing.T) {
	keyring.MockInit()
	ring, other := credential.Keyring{Owner: "/a"}, credential.Keyring{Owner: "/b"}
	if _, err := ring.Load(t.Context(), "mine"); !errors.Is(err, credential.ErrNoSecret) || err.Error() != `the secret of provider "mine" is not in the keyring any more` {
		t.Errorf("got %v, want ErrNoSecret", err)
	}
	if err := other.Save(t.Context(), "mine", value(t, "another's")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"first", "second"} {
		if err := ring.Save(t.Context(), "mine", value(t, want)); err != nil {
			t.Fatal(err)
		}
		if got, err := ring.Load(t.Context(), "mine"); err != nil || got.Reveal() != want {
			t.Errorf("got %q, %v, want %q", got.Reveal(), err, want)
		}
	}
	if err := ring.Delete(t.Context(), "mine"); err != nil {
		t.Fatal(err)
	}
	if err := ring.Delete(t.Context(), "mine"); !errors.Is(err, credential.ErrNoSecret) {
		t.Errorf("got %v, want ErrNoSecret", err)
	}
}

// Each failure says what is the matter: a locked keyring is one that answers.
func TestNoKeyring(t *testing.T) {
	defer keyring.MockInit()
	for _, tt := range []struct{ cause, want, hint string }{
		{"the bus is silent", "no Secret Service (gnome-keyring, KeePassXC, KWallet) answers on this session's D-Bus: the bus is silent", "keep the secret in a file"},
		{"failed to unlock correct collection '/org/freedesktop/secrets/collection/login'", "the keyring is locked, and nobody unlocked it", "unlock it and run this again"},
	} {
		keyring.MockInitWithError(errors.New(tt.cause))
		err := credential.Keyring{}.Save(t.Context(), "mine", value(t, "x"))
		mistake, ok := errors.AsType[*credential.Error](err)
		if !ok || err.Error() != `store the secret of provider "mine": `+tt.want || !strings.HasPrefix(mistake.Hint(), tt.hint) {
			t.Errorf("got %v", err)
		}
	}
}
