package confine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const defaultTmp = 1 << 30

func (l Limits) tmp() int64 {
	if l.Tmp <= 0 {
		return defaultTmp
	}
	return l.Tmp
}

func (l Limits) shm() int64 { return l.tmp() / 4 }

// tmpfsOptions bound a tmpfs that all may write to. An inode costs the kernel
// about a KiB, so their number is bounded too: one for each page of the size.
func tmpfsOptions(size int64) []string {
	inodes := max(size/int64(os.Getpagesize()), 1024)
	return []string{"mode=1777", fmt.Sprintf("size=%d", size), fmt.Sprintf("nr_inodes=%d", inodes)}
}

const (
	pidMax           = "/proc/sys/kernel/pid_max"
	inotifyInstances = "/proc/sys/user/max_inotify_instances"
	inotifyWatches   = "/proc/sys/user/max_inotify_watches"

	// reservedPIDs are numbers that the kernel does not give out again after
	// the first round (kernel/pid.c): without them in the sum, a full sandbox
	// would have that many processes fewer than its limit.
	reservedPIDs = 300
)

// boundNamespaces sets what the namespaces themselves bound, while init has
// CAP_SYS_ADMIN and before /proc/sys is read-only. Nothing inside can raise it.
func boundNamespaces(l Limits, r *report) error {
	for _, name := range []string{inotifyInstances, inotifyWatches} {
		if err := halve(name); err != nil && !missing(err) {
			return fmt.Errorf("bound %s: %w", name, err)
		}
	}
	if l.Processes <= 0 {
		return nil
	}
	// A pid namespace has its own since Linux 6.14; before, only real root may
	// write it, which init never is.
	err := os.WriteFile(pidMax, []byte(strconv.Itoa(l.Processes+reservedPIDs)), 0)
	if err != nil {
		return nil // RLIMIT_NPROC bounds them all the same
	}
	text, err := os.ReadFile(pidMax)
	if err != nil {
		return err
	}
	r.PIDMax, err = strconv.Atoi(strings.TrimSpace(string(text)))
	return err
}

// halve leaves half of what a user may have to the user: what a sandbox takes
// counts as taken by its user too (namespaces(7), "The /proc/sys/user directory").
func halve(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(strconv.FormatInt(n/2, 10)), 0)
}

// softFiles is the usual soft limit: programs that use select(2), or close all
// files up to it, expect no more.
const softFiles = 1024

// setLimits bounds init itself, and with it whatever it forks: a limit that was
// put on a program after its fork would leave it a moment to fork without one.
// Hence init must not need another thread from here on, see readyThreads.
func setLimits(l Limits) error {
	for _, s := range []struct {
		name  string
		which int
		soft  int64
		hard  int64
	}{
		{"RLIMIT_NPROC", unix.RLIMIT_NPROC, int64(l.Processes), int64(l.Processes)},
		{"RLIMIT_DATA", unix.RLIMIT_DATA, l.ProcessMemory, l.ProcessMemory},
		{"RLIMIT_NOFILE", unix.RLIMIT_NOFILE, min(softFiles, int64(l.Files)), int64(l.Files)},
		{"RLIMIT_FSIZE", unix.RLIMIT_FSIZE, l.FileSize, l.FileSize},
		// These the kernel counts for the user outside as well: half is left to him.
		{"RLIMIT_SIGPENDING", unix.RLIMIT_SIGPENDING, 16 << 10, 16 << 10},
		{"RLIMIT_MSGQUEUE", unix.RLIMIT_MSGQUEUE, 400 << 10, 400 << 10},
		{"RLIMIT_MEMLOCK", unix.RLIMIT_MEMLOCK, 4 << 20, 4 << 20},
	} {
		if err := lower(s.which, s.soft, s.hard); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// lower sets a limit that is not above the one in force; zero sets none. It is
// syscall's Setrlimit because with another, Go would give programs the number of
// open files that init was started with (package syscall, ForkExec).
func lower(which int, soft, hard int64) error {
	if hard <= 0 {
		return nil
	}
	var now syscall.Rlimit
	if err := syscall.Getrlimit(which, &now); err != nil {
		return err
	}
	now.Max = min(now.Max, uint64(hard))
	now.Cur = min(now.Max, uint64(soft))
	return syscall.Setrlimit(which, &now)
}
