package identity

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What a kernel before 6.13 does not tell about a pidfd is read from /proc instead, and is the same.
func TestOldKernelsKnowTheSame(t *testing.T) {
	fd, leader, err := pidfd(os.Getpid())
	if err != nil || !leader {
		t.Fatalf("open a pidfd of this process: %v, leader %v", err, leader)
	}
	defer unix.Close(fd)
	want := kin{os.Getpid(), os.Getppid()}
	k := kinOf(fd)
	if k != want && k != (kin{}) { // PIDFD_GET_INFO is not there: all goes by /proc
		t.Errorf("got %+v, want %+v", k, want)
	}
	if group, err := hostProc.threadGroup(unix.Gettid()); err != nil || group != want.group {
		t.Errorf("got process %d, %v, want %d", group, err, want.group)
	}
	w := &Watcher{proc: hostProc, mappings: newMappings(nil), lineage: newLineage(1)}
	fast, slow := w.readOwn(os.Getpid(), socket{leader: true, kin: k}), w.readOwn(os.Getpid(), socket{leader: true})
	defer fast.program.close()
	defer slow.program.close()
	if fast.status.parent != want.parent || slow.status.parent != want.parent || fast.program.path != slow.program.path || fast.unknown+slow.unknown != "" {
		t.Errorf("got %+v and %+v, want the same", fast, slow)
	}
	// The bound is no later than now and no earlier than the start: else parents would be refused, or
	// processes accepted that only have a parent's number.
	if fast.status.start < slow.status.start {
		t.Errorf("held at %d ticks, started at %d", fast.status.start, slow.status.start)
	}
}

// A process that started after its child only has the number of the parent.
func TestReusedNumberIsNoParent(t *testing.T) {
	w := &Watcher{proc: hostProc, init: 1 << 30, content: newContents(nil), lineage: newLineage(1)}
	if _, err := w.climb(status{parent: os.Getpid(), start: 0}); !errors.Is(err, errChanged) {
		t.Errorf("got %v, want %v", err, errChanged)
	}
	if names, unknown := w.ancestors(own{tid: os.Getpid(), status: status{pid: os.Getpid(), parent: os.Getpid()}}); !strings.HasPrefix(unknown, errChanged.Error()) {
		t.Errorf("got %v, %q, want %q", names, unknown, errChanged)
	}
}
