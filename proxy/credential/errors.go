package credential

import (
	"errors"
	"fmt"
)

// ErrNoSecret means that a provider has no secret on this machine.
var ErrNoSecret = errors.New("no secret is stored")

// Error is a mistake the user can put right.
type Error struct {
	Text   string
	Advice string
	cause  error
}

func (e *Error) Error() string { return e.Text }

// Unwrap lets ErrNoSecret be found.
func (e *Error) Unwrap() error { return e.cause }

// Hint says what to do.
func (e *Error) Hint() string { return e.Advice }

// noSecret says where the secret of a provider should be.
func noSecret(name, place string) error {
	return &Error{
		Text:   fmt.Sprintf("the secret of provider %q is not in %s any more", name, place),
		Advice: "exeat provider update " + name,
		cause:  ErrNoSecret,
	}
}

// Misuse means that a request carries a placeholder to where its secret must not go. The request has
// to be refused, whatever the policy says.
type Misuse struct {
	Provider string // name of the provider whose placeholder it is
	Host     string // where the request goes; "" where only the body was read
	Place    string // where in the request it stands, in words; never the value
	// Unverified means that the host is the provider's own, but not proven to be by TLS.
	Unverified bool
	// Outside means that the host is the provider's own, and the port or the path is not.
	Outside bool
	// Detached means that the provider was taken from the sandbox.
	Detached bool
}

func (m *Misuse) Error() string {
	if m.Host == "" {
		return fmt.Sprintf("the credential of provider %q stands in %s of a request, where none is put in: that takes request_body_credential_rewrite "+
			"at the endpoint, and a body of at most 256 KiB", m.Provider, m.Place)
	}
	begin := fmt.Sprintf("the credential of provider %q stands in %s of a request to %s", m.Provider, m.Place, m.Host)
	switch {
	case m.Detached:
		return begin + ", and the provider was detached from this sandbox"
	case m.Unverified:
		return begin + " that is not protected by verified TLS"
	case m.Outside:
		return begin + ", on a port or a path it is not for"
	}
	return begin + ", which is not one of its hosts"
}

// Foreign means that a request to a provider's host carries a credential of somebody else: with a key
// of the attacker's own, an allowed host becomes a way out.
type Foreign struct {
	Host  string
	Place string // in words; never the value
	Own   bool   // it is the provider's own placeholder, where its type carries none
}

func (f *Foreign) Error() string {
	if f.Own {
		return fmt.Sprintf("%s of a request to %s carries the provider's placeholder, which is put in elsewhere only: see exeat provider get", f.Place, f.Host)
	}
	return fmt.Sprintf("%s of a request to %s carries a credential that is not the provider's", f.Place, f.Host)
}
