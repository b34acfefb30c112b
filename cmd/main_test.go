package cmd_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

// TestMain runs the tests in worlds, once for each user that matters: an
// ordinary one always, and root as well where the tests were started by it.
func TestMain(m *testing.M) {
	world.Role()
	if filepath.Base(os.Args[0]) == "lacking" {
		os.Exit(lacking(os.Args[1:]))
	}
	if world.Dir() != "" {
		os.Exit(within(m))
	}
	code, err := worlds()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		code = 1
	}
	os.Exit(code)
}

// within runs the tests in a world. Scripts must not reach the terminal of
// whoever runs the tests: a new session has none, so /dev/tty is nobody's.
func within(m *testing.M) int {
	if _, err := syscall.Setsid(); err != nil {
		fmt.Fprintln(os.Stderr, "error: leave the terminal:", err)
		return 1
	}
	return m.Run()
}

// nobody is the ordinary user that root also runs the tests as.
const nobody = 65534

// worlds builds the binary once, unmodified, and runs the tests again inside.
func worlds() (int, error) {
	dir, err := os.MkdirTemp("", "exeat-cmd-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	config, err := prepare(dir)
	if err != nil {
		return 0, err
	}
	users := [][2]int{{os.Getuid(), os.Getgid()}}
	if os.Getuid() == 0 {
		users = append(users, [2]int{nobody, nobody})
	}
	worst := 0
	for _, user := range users {
		config.UID, config.GID = user[0], user[1]
		code, err := world.Run(config)
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

func prepare(dir string) (world.Config, error) {
	ca, err := standin.NewCA()
	if err != nil {
		return world.Config{}, err
	}
	key, err := ca.KeyPEM()
	if err != nil {
		return world.Config{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), key, 0o600); err != nil {
		return world.Config{}, err
	}
	files := map[string]string{
		"etc/ca.pem": filepath.Join(dir, "ca.pem"), "script": "testdata/script", "policies": "../policy/testdata",
	}
	for name, pkg := range map[string]string{"exeat": "./exeat", "goclient": "./testdata/client"} {
		if err := build(pkg, filepath.Join(dir, name)); err != nil {
			return world.Config{}, err
		}
		files["bin/"+name] = filepath.Join(dir, name)
	}
	return world.Config{
		Hosts:  map[string]string{"github.com": gitHost, "api.github.com": apiHost},
		Bundle: ca.PEM(), Files: files, Args: arguments(os.Args[1:]),
	}, nil
}

func build(pkg, target string) error {
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", target, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Makefile builds it
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
