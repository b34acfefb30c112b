package confine_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
)

// used is the processor time of each thread of a sandbox but init's, in ticks.
func used(t *testing.T, b *confine.Box) map[string]string {
	t.Helper()
	stats, err := filepath.Glob(fmt.Sprintf("/proc/self/fd/%d/[0-9]*/task/[0-9]*/stat", b.Proc.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil || strings.Contains(path, "/1/task/") {
			continue
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		all[path] = fields[11] + " " + fields[12] // utime and stime, proc_pid_stat(5)
	}
	return all
}

// still says whether nothing in the sandbox ran for a moment.
func still(t *testing.T, b *confine.Box) bool {
	t.Helper()
	before := used(t, b)
	time.Sleep(100 * time.Millisecond)
	return maps.Equal(before, used(t, b))
}

func busy(t *testing.T, b *confine.Box, argv ...string) *confine.Process {
	t.Helper()
	p, err := b.Exec(confine.ExecSpec{Argv: argv, Env: environment()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// A pause stops programs that fork all the time and one whose first thread has
// ended; while it lasts nothing continues them and nothing starts.
func TestPause(t *testing.T) {
	b := start(t, basic(t))
	for range 4 {
		busy(t, b, "sh", "-c", "while :; do (:); done")
	}
	leaderless := busy(t, b, inside, "probe", "leaderless")
	jobs := busy(t, b, "sh", "-mc", "(trap '' HUP; while :; do :; done) & wait")
	until(t, "they run", func() bool { return len(used(t, b)) > 10 })
	for range 3 {
		if err := b.Pause(); err != nil {
			t.Fatal(err)
		}
		if !still(t, b) {
			t.Error("something runs in a paused sandbox")
		}
		if err := b.Resume(); err != nil {
			t.Fatal(err)
		}
		if still(t, b) {
			t.Error("nothing runs after the pause")
		}
	}
	pausedStaysPaused(t, b, jobs, leaderless)
}

func pausedStaysPaused(t *testing.T, b *confine.Box, jobs, other *confine.Process) {
	t.Helper()
	for range 2 { // twice is once
		if err := b.Pause(); err != nil {
			t.Fatal(err)
		}
	}
	b.Signal(other.ID, unix.SIGCONT)
	b.Signal(jobs.ID, unix.SIGKILL) // its job's group is orphaned now, and the kernel continues it
	if got := jobs.Wait(); got != 128+9 {
		t.Errorf("a paused program that was killed: status %d", got)
	}
	time.Sleep(50 * time.Millisecond)
	if !still(t, b) {
		t.Error("something was continued in a paused sandbox")
	}
	_, err := b.Exec(confine.ExecSpec{Argv: []string{"true"}, Env: environment()})
	if refused, ok := errors.AsType[*confine.ExecError](err); !ok || refused.Problem != confine.Paused {
		t.Errorf("exec while paused: got %v", err)
	}
	if _, err := b.Isolation(); err != nil {
		t.Errorf("isolation while paused: %v", err)
	}
	from := time.Now()
	b.End()
	if took := time.Since(from); took > 2*time.Second {
		t.Errorf("the end of a paused sandbox took %v", took)
	}
	if err := b.Pause(); !errors.Is(err, confine.ErrEnded) {
		t.Errorf("pause of what has ended: got %v, want %v", err, confine.ErrEnded)
	}
}
