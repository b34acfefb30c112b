package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"exeat/store"
)

// Tests that need other processes run this binary again: childRole says as what,
// childDir is the directory above the three of store.Dirs.
const (
	childRole = "STORE_TEST_ROLE"
	childDir  = "STORE_TEST_DIR"
)

func TestMain(m *testing.M) {
	roles := map[string]func(store.Dirs) error{
		"write": writeManyThings, "record": recordUntilKilled, "full": fillDisk,
	}
	role := os.Getenv(childRole)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := roles[role](below(os.Getenv(childDir))); err != nil {
		fmt.Fprintln(os.Stderr, role+":", err)
		os.Exit(1)
	}
}

// child is this binary in another role; what it prints on stderr is the test's.
func child(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	c.Stderr = t.Output()
	return c
}

// waitForParent returns when the parent closes standard input, so that many
// children begin at once.
func waitForParent() { bufio.NewReader(os.Stdin).ReadByte() } //nolint:errcheck // EOF is the signal
