package confine_test

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSystemCalls(t *testing.T) {
	b := start(t, basic(t))
	out, code := run(t, b, inside, "probe", "calls")
	if code != 0 || !strings.HasSuffix(out, "calls") {
		t.Errorf("status %d:\n%s", code, out)
	}
}

// A call of another architecture kills: its numbers mean something else.
func TestForeignArchitecture(t *testing.T) {
	b := start(t, basic(t))
	out, code := run(t, b, inside, "probe", "compat")
	if got, want := code, 128+int(unix.SIGSYS); got != want {
		t.Errorf("status %d, want %d: %s", got, want, out)
	}
}

// With a listener of its own a program could answer its own connects.
func TestSecondListener(t *testing.T) {
	b := start(t, basic(t))
	out, _ := run(t, b, inside, "probe", "listener")
	if got, want := out, unix.EBUSY.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
