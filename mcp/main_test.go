package mcp_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaryVariable names the binary under test to the tests.
const binaryVariable = "EXEAT_TEST_BINARY"

// TestMain builds the binary once, unmodified.
func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "exeat-mcp-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "exeat")
	if out, err := exec.Command("go", "build", "-o", binary, "exeat/cmd/exeat").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	os.Setenv(binaryVariable, binary)
	return m.Run(), nil
}
