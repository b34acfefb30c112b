package confine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
)

// until waits for a condition that needs no more than a moment.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if condition() {
			return
		}
		fds := []unix.PollFd{}
		unix.Poll(fds, 1)
	}
	t.Fatalf("never: %s", what)
}

// kill -9 of the supervisor takes init and all programs along.
func TestSupervisorKilled(t *testing.T) {
	token := "27182818" + filepath.Base(t.TempDir())
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "outer", "hold", token)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	line, _ := bufio.NewReader(out).ReadString('\n')
	if _, err := fmt.Sscanf(line, "started %d", &pid); err != nil {
		cmd.Process.Kill()
		t.Fatalf("got %q", line)
	}
	init, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(init)
	if len(withArgument(t, token)) < 2 {
		t.Error("the supervisor and its program are not there")
	}
	cmd.Process.Kill()
	cmd.Wait()
	fds := []unix.PollFd{{Fd: int32(init), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 10_000); n != 1 || err != nil {
		t.Fatalf("init has not ended: %d, %v", n, err)
	}
	until(t, "no process is left", func() bool { return len(withArgument(t, token)) == 0 })
}

// kill -9 of init ends all programs, and everyone who waits is told.
func TestInitKilled(t *testing.T) {
	b := start(t, basic(t))
	p, err := b.Exec(confine.ExecSpec{Argv: []string{"sleep", "1000"}, Env: environment()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := unix.PidfdSendSignal(int(b.PIDFD.Fd()), unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	if got, want := p.Wait(), 128+9; got != want {
		t.Errorf("status %d, want %d", got, want)
	}
	<-b.Done()
	if _, err := b.Exec(confine.ExecSpec{Argv: []string{"true"}}); !errors.Is(err, confine.ErrEnded) {
		t.Errorf("exec: got %v, want %v", err, confine.ErrEnded)
	}
	if _, err := b.Isolation(); err == nil {
		t.Error("isolation of what has ended")
	}
}

// Signals that end other programs do nothing to init, whoever sends them.
func TestInitIgnoresSignals(t *testing.T) {
	b := start(t, basic(t))
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGPIPE, syscall.SIGABRT} {
		if err := unix.PidfdSendSignal(int(b.PIDFD.Fd()), sig, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	if out, code := run(t, b, "sh", "-c", "trap - INT; kill -INT $$; echo survived"); code != 128+2 {
		t.Errorf("a program's signals are ignored too: status %d, %q", code, out)
	}
}

func TestCancelledStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b, err := confine.Start(ctx, basic(t))
	if err == nil {
		b.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// Fifty starts leave no descriptor, no child and no thread that waits.
func TestNothingLeaks(t *testing.T) {
	cycle := func() {
		s := basic(t)
		b, err := confine.Start(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		served := serve(t, b)
		b.Go()
		p, err := b.Exec(confine.ExecSpec{Argv: []string{"true"}, Env: environment()})
		if err != nil {
			t.Fatal(err)
		}
		p.Wait()
		p.Close()
		b.Close()
		<-served
		for _, m := range s.Mounts {
			if m.Tree != nil {
				m.Tree.Close()
			}
		}
	}
	cycle() // opens what stays open: the poller
	before := entries(t, "/proc/self/fd")
	for range 50 {
		cycle()
	}
	until(t, fmt.Sprintf("%d descriptors as before, now %d", before, entries(t, "/proc/self/fd")), func() bool {
		return entries(t, "/proc/self/fd") <= before
	})
	children, err := os.ReadFile("/proc/thread-self/children")
	if err == nil && len(children) > 0 {
		t.Errorf("children are left: %s", children)
	}
}

func entries(t *testing.T, dir string) int {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
