package limits

import (
	"cmp"
	"fmt"
	"math"

	"golang.org/x/sys/unix"

	"exeat/store"
)

// What a sandbox gets where nobody says otherwise: enough for an agent that
// builds and tests, and little enough that the machine stays usable.
const (
	defaultProcesses = 4096
	defaultFiles     = 65536
	defaultTmpMax    = 4 << 30
	defaultDisk      = 20 << 30
)

// The least that a sandbox can work with, and the most that the kernel takes
// (PID_MAX_LIMIT less what confine adds; sysctl fs.nr_open).
const (
	minProcesses = 64
	maxProcesses = 2 << 20
	minFiles     = 64
	maxFiles     = 1 << 20
	minMemory    = 64 << 20
	minDisk      = 1 << 20
)

// Fill gives the defaults of this machine to the fields of l that are zero.
func Fill(l store.Limits) (store.Limits, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return l, fmt.Errorf("size of the memory: %w", err)
	}
	own, err := callers()
	if err != nil {
		return l, err
	}
	memory := int64(info.Totalram) * int64(info.Unit)
	l.Processes = cmp.Or(l.Processes, min(defaultProcesses, own.Processes))
	l.Files = cmp.Or(l.Files, min(defaultFiles, own.Files))
	l.Memory = cmp.Or(l.Memory, memory/2)
	l.Tmp = cmp.Or(l.Tmp, min(memory/8, defaultTmpMax))
	l.Disk = cmp.Or(l.Disk, defaultDisk)
	return l, nil
}

// callers are the limits of this process, which a sandbox cannot exceed. It gets
// half: the kernel counts its processes as its user's too, and its descriptors that
// are under way in sockets (SCM_RIGHTS). With the whole, it could keep everybody
// else of that user, exeat too, from passing a descriptor on (ETOOMANYREFS).
func callers() (store.Limits, error) {
	var processes, files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &processes); err != nil {
		return store.Limits{}, fmt.Errorf("limit on processes: %w", err)
	}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return store.Limits{}, fmt.Errorf("limit on open files: %w", err)
	}
	return store.Limits{Processes: int(min(processes.Cur/2, math.MaxInt32)), Files: int(min(files.Max/2, math.MaxInt32))}, nil
}

// Check says what is wrong with limits that somebody asked for; zero is nothing
// asked for.
func Check(l store.Limits) error {
	own, err := callers()
	if err != nil {
		return err
	}
	for _, c := range []struct {
		what          string
		n, least, top int64
		write         func(int64) string
	}{
		{"processes", int64(l.Processes), minProcesses, maxProcesses, number},
		{"open files", int64(l.Files), minFiles, maxFiles, number},
		{"memory", l.Memory, minMemory, math.MaxInt64, Size},
		{"tmp", l.Tmp, minDisk, math.MaxInt64, Size},
		{"disk", l.Disk, minDisk, math.MaxInt64, Size},
	} {
		if c.n != 0 && c.n < c.least {
			return fmt.Errorf("limit on %s: %s is too little, the least is %s", c.what, c.write(c.n), c.write(c.least))
		}
		if c.n > c.top {
			return fmt.Errorf("limit on %s: %s is too much, the most is %s", c.what, c.write(c.n), c.write(c.top))
		}
	}
	if l.Files > own.Files {
		return fmt.Errorf("limit on open files: %d is above half of your own, %d (ulimit -Hn), and the kernel counts those a sandbox passes on as yours", l.Files, own.Files)
	}
	if l.Processes > own.Processes {
		return fmt.Errorf("limit on processes: %d is above half of your own, %d (ulimit -u), and the kernel counts a sandbox's as yours", l.Processes, own.Processes)
	}
	return nil
}

func number(n int64) string { return fmt.Sprint(n) }
