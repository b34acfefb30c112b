package world

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// nobody is the ordinary user that root also runs tests as.
const nobody = 65534

// Tests runs the tests of a package in worlds, once for each user that
// matters: an ordinary one always, and root as well where the tests were
// started by it. TestMain calls it first, with what fills in the worlds' hosts
// and files; dir is for what that builds. It returns the exit code.
func Tests(run func() int, prepare func(dir string) (Config, error)) int {
	Role()
	if Dir() != "" {
		return within(run)
	}
	code, err := outside(prepare)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return code
}

// within runs the tests in a world. They must not reach the terminal of
// whoever started them: a new session has none, so /dev/tty is nobody's.
func within(run func() int) int {
	if _, err := syscall.Setsid(); err != nil {
		fmt.Fprintln(os.Stderr, "error: leave the terminal:", err)
		return 1
	}
	return run()
}

// outside prepares once and runs the tests again in a world for each user.
func outside(prepare func(dir string) (Config, error)) (worst int, err error) {
	dir, err := os.MkdirTemp("", "exeat-tests-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	config, err := prepare(dir)
	if err != nil {
		return 0, err
	}
	config.Args = arguments(os.Args[1:])
	users := [][2]int{{os.Getuid(), os.Getgid()}}
	if os.Getuid() == 0 {
		users = append(users, [2]int{nobody, nobody})
	}
	for _, user := range users {
		config.UID, config.GID = user[0], user[1]
		code, err := Run(config)
		if err != nil {
			return 0, err
		}
		if code != 0 {
			fmt.Fprintf(os.Stderr, "tests as uid %d: exit code %d\n", user[0], code)
		}
		worst = max(worst, code)
	}
	return worst, nil
}

// Build builds a package's program as the Makefile does.
func Build(pkg, target string) error {
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", target, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// arguments drops the flags that make a test binary write files where only the outer process may.
func arguments(args []string) []string {
	var kept []string
	for _, arg := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch name {
		case "test.testlogfile", "test.gocoverdir", "test.coverprofile", "test.outputdir":
			continue
		}
		kept = append(kept, arg)
	}
	return kept
}
