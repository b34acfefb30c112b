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
	ring := credential.Keyring{}
	if _, err := ring.Load(t.Context(), "mine"); !errors.Is(err, credential.ErrNoSecret) {
		t.Errorf("got %v, want ErrNoSecret", err)
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

func TestNoKeyring(t *testing.T) {
	keyring.MockInitWithError(errors.New("the bus is silent"))
	defer keyring.MockInit()
	err := credential.Keyring{}.Save(t.Context(), "mine", value(t, "x"))
	if err == nil || !strings.HasPrefix(err.Error(), "no Secret Service ") || !strings.HasSuffix(err.Error(), "the bus is silent") {
		t.Errorf("got %v", err)
	}
}
