package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
)

// maxValue bounds a secret, in bytes; the headers of a request are bounded too.
const maxValue = 8 << 10

// Value is a secret. Printing, logging or encoding it shows only that there is one.
type Value struct {
	text *string // a pointer, because fmt prints the unexported fields of a struct around it, but not through pointers
}

// NewValue takes a secret as a user or a variable gives it, with or without a newline at its end.
func NewValue(s string) (Value, error) {
	s = strings.TrimRight(s, "\r\n")
	switch {
	case s == "":
		return Value{}, &Error{Text: "the secret is empty"}
	case len(s) > maxValue:
		return Value{}, &Error{Text: fmt.Sprintf("the secret is longer than %d bytes", maxValue)}
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		// A line break would let a secret add headers to a request.
		return Value{}, &Error{Text: "the secret contains a space, a line break or a character that is not ASCII"}
	case strings.Contains(s, mark) && looksLikePlaceholder(s):
		return Value{}, &Error{
			Text:   "this is a placeholder of a sandbox, not a secret",
			Advice: "run this on the host, outside the sandbox",
		}
	}
	return Value{&s}, nil
}

// Reveal returns the secret itself.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// String, GoString, Format, MarshalJSON and LogValue keep the secret out of messages, logs and files.
func (v Value) String() string { return "[secret]" }

// GoString is for %#v.
func (v Value) GoString() string { return v.String() }

// Format is for every other verb.
func (v Value) Format(f fmt.State, _ rune) { fmt.Fprint(f, v.String()) }

// MarshalJSON is for --json.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"[secret]"`), nil }

// LogValue is for slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// Fingerprint tells two secrets apart for a human without helping to guess one: salted, and short.
func (v Value) Fingerprint() string {
	salt := make([]byte, 8)
	rand.Read(salt) // never fails, see crypto/rand
	sum := sha256.Sum256(append(salt, v.Reveal()...))
	return hex.EncodeToString(salt) + ":" + hex.EncodeToString(sum[:8])
}
