package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/approvals/seal"
)

func statement() seal.Statement {
	return seal.Statement{
		Version: 1, Sandbox: "0123456789abcdef", Sequence: 2, Previous: strings.Repeat("a", 64),
		Policy: strings.Repeat("b", 64), Authority: strings.Repeat("c", 64), AuditLength: 7,
		AuditHead: strings.Repeat("d", 64), Approver: "SHA256:x", Time: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC),
	}
}

// Two spellings of one statement would have two digests, so only one decodes.
func TestDecodeTakesTheCanonicalFormOnly(t *testing.T) {
	good := string(statement().Bytes())
	if got, err := seal.Decode([]byte(good)); err != nil || cmp.Diff(statement(), got) != "" {
		t.Fatalf("canonical form: %+v, %v", got, err)
	}
	for name, text := range map[string]string{
		"empty":            "",
		"space":            strings.Replace(good, ":", ": ", 1),
		"trailing data":    good + "{}",
		"trailing newline": good + "\n",
		"unknown field":    strings.Replace(good, "{", `{"more":1,`, 1),
		"duplicate key":    strings.Replace(good, "{", `{"version":1,`, 1),
		"case twin":        strings.Replace(good, `"sandbox"`, `"Sandbox"`, 1),
		"other version":    strings.Replace(good, `"version":1`, `"version":2`, 1),
		"other time zone":  strings.Replace(good, "20:00:00Z", "21:00:00+01:00", 1),
		"fraction":         strings.Replace(good, "20:00:00Z", "20:00:00.5Z", 1),
		"escaped letter":   strings.Replace(good, "0123456789abcdef", `\u0030123456789abcdef`, 1),
		"null":             "null",
		"too long":         good + strings.Repeat(" ", 20_000),
	} {
		if _, err := seal.Decode([]byte(text)); !errors.Is(err, seal.ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", name, err)
		}
	}
}

func TestBytesAreTheSameWhateverTheClockSays(t *testing.T) {
	a, b := statement(), statement()
	b.Time = b.Time.In(time.FixedZone("", 3600)).Add(300 * time.Millisecond)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("%s\n%s", a.Bytes(), b.Bytes())
	}
}

// Whatever decodes is exactly what would be signed again.
func FuzzDecode(f *testing.F) {
	f.Add(statement().Bytes())
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := seal.Decode(text)
		if err == nil && !bytes.Equal(s.Bytes(), text) {
			t.Errorf("%q decodes and encodes as %q", text, s.Bytes())
		}
	})
}
