package ask_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"exeat/cmd/ask"
)

// TestMain plays the program that asks: it says who is in its way.
func TestMain(m *testing.M) {
	if len(os.Args) != 2 || os.Args[1] != "asks" {
		os.Exit(m.Run())
	}
	tty, err := ask.Open(context.Background(), time.Second)
	var held *ask.HeldError
	switch {
	case errors.As(err, &held):
		fmt.Print(held.PID)
	case err != nil:
		fmt.Print(err)
	default:
		tty.Close()
		fmt.Print("taken")
	}
}

// TestOpenHeld starts a program at a terminal that somebody else has open too.
func TestOpenHeld(t *testing.T) {
	const never = time.Hour
	for _, tc := range []struct {
		name     string
		closes   time.Duration // when the starter closes its copy
		stranger bool
		want     string // empty is the stranger
		within   time.Duration
	}{
		{"the starter is slow", 300 * time.Millisecond, false, "taken", never},
		{"the starter keeps it", never, false, strconv.Itoa(os.Getpid()), never},
		{"a stranger has it, who is not waited for", 0, true, "", 2 * time.Second},
		{"both have it", 300 * time.Millisecond, true, "", never},
	} {
		t.Run(tc.name, func(t *testing.T) {
			master, slave, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer master.Close()
			defer slave.Close()
			if tc.stranger {
				tc.want = stranger(t, slave)
			}
			var out strings.Builder
			cmd := exec.Command(os.Args[0], "asks")
			cmd.Stdin, cmd.Stdout, cmd.SysProcAttr = slave, &out, &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			time.AfterFunc(tc.closes, func() { slave.Close() })
			if err := cmd.Wait(); err != nil || out.String() != tc.want {
				t.Errorf("got %q, %v, want %q", out.String(), err, tc.want)
			}
			if took := time.Since(began); took > tc.within {
				t.Errorf("took %s", took)
			}
		})
	}
}

// stranger is an orphan in a session of its own that has the terminal open as
// its descriptor 3; it returns its pid.
func stranger(t *testing.T, slave *os.File) string {
	t.Helper()
	cmd := exec.Command("setsid", "sh", "-c", "sleep 60 >&- 2>&- & echo $!")
	cmd.ExtraFiles = []*os.File{slave}
	out, err := cmd.Output()
	pid, _ := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil || pid == 0 {
		t.Fatalf("%q, %v", out, err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	return strconv.Itoa(pid)
}
