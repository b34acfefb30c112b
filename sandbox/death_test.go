package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"exeat/sandbox"
	"exeat/sandbox/control"
	"exeat/store"
)

// alive says whether a process exists and is no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// await waits for a condition; it is the only way these tests wait.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// inNamespace lists the host pids of the processes in a pid namespace.
func inNamespace(t *testing.T, namespace string) []int {
	t.Helper()
	var pids []int
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		if link, err := os.Readlink(dir + "/ns/pid"); err == nil && link == namespace {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			if alive(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func status(t *testing.T, boxes *sandbox.Sandboxes, name string) control.Status {
	t.Helper()
	client, err := boxes.Connect(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func running(t *testing.T, boxes *sandbox.Sandboxes, name string) bool {
	t.Helper()
	info, err := boxes.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Running
}

// start begins a program that stays, and returns its exit code's channel once it runs.
func start(t *testing.T, boxes *sandbox.Sandboxes, name string, r control.ExecRequest) <-chan int {
	t.Helper()
	stream, err := begin(t, boxes, name, r)
	if err != nil {
		t.Fatal(err)
	}
	exit, ready := make(chan int, 1), make(chan struct{})
	go func() {
		code, err := stream.Copy(nil, &signalWriter{ready: ready}, &bytes.Buffer{})
		if err != nil {
			code = -1
		}
		exit <- code
	}()
	<-ready
	return exit
}

// signalWriter closes ready at the first output.
type signalWriter struct{ ready chan struct{} }

func (w *signalWriter) Write(p []byte) (int, error) {
	if w.ready != nil {
		close(w.ready)
		w.ready = nil
	}
	return len(p), nil
}

// Whatever kills a sandbox, nothing of it remains and the list tells the truth.
func TestDeath(t *testing.T) {
	tests := []struct {
		name string
		kill func(control.Status) error
	}{
		{"supervisor killed", func(s control.Status) error { return syscall.Kill(s.PID, syscall.SIGKILL) }},
		{"init killed", func(s control.Status) error { return syscall.Kill(s.InitPID, syscall.SIGKILL) }},
		{"supervisor terminated", func(s control.Status) error { return syscall.Kill(s.PID, syscall.SIGTERM) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			boxes := newBoxes(t)
			mounts, _ := os.ReadFile("/proc/self/mountinfo")
			create(t, boxes, frozen(t, "box", testPolicy))
			exit := start(t, boxes, "box", control.ExecRequest{Argv: []string{"sh", "-c", "setsid sleep 300 & echo on; exec sleep 300"}})
			s := status(t, boxes, "box")
			namespace, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", s.InitPID))
			if err != nil {
				t.Fatal(err)
			}
			if n := len(inNamespace(t, namespace)); n < 3 {
				t.Fatalf("got %d processes before, want init and two", n)
			}
			if err := tt.kill(s); err != nil {
				t.Fatal(err)
			}
			await(t, "the list to say stopped", func() bool { return !running(t, boxes, "box") })
			await(t, "every process to be gone", func() bool { return len(inNamespace(t, namespace)) == 0 && !alive(s.PID) })
			<-exit
			if after, _ := os.ReadFile("/proc/self/mountinfo"); !bytes.Equal(after, mounts) {
				t.Errorf("mounts changed:\n%s", after)
			}
			if _, err := boxes.Start(t.Context(), "box"); err != nil {
				t.Fatalf("start again: %v", err)
			}
			if got := run(t, boxes, "box", "true"); got.exit != 0 {
				t.Errorf("after restart: got %+v", got)
			}
		})
	}
}

// init's end alone ends the supervisor too, cleanly: the row and socket say so.
func TestInitDeathIsWritten(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	s := status(t, boxes, "box")
	syscall.Kill(s.InitPID, syscall.SIGKILL)
	await(t, "the supervisor's end", func() bool { return !running(t, boxes, "box") })
	info, err := boxes.Get(t.Context(), "box")
	if err != nil || info.State != store.StateStopped || info.PID != 0 {
		t.Errorf("got state %q, pid %d, %v", info.State, info.PID, err)
	}
	if _, err := os.Stat(boxes.Dirs.Socket(s.ID)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("socket: got %v, want it gone", err)
	}
}
