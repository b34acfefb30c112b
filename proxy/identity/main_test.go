package identity_test

import (
	"os"
	"testing"
)

// roleVariable makes the test binary play a process of a sandbox instead of running tests.
const roleVariable = "EXEAT_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}
