package confine

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Limit is one bound on what a sandbox uses, as the kernel tells it.
type Limit struct {
	// Name is what is bounded: "processes", "/tmp", ...
	Name string
	// Max is the bound, in bytes where Bytes is set; -1 is none.
	Max int64
	// Used is how much of it is used now; -1 where the kernel does not say.
	Used  int64
	Bytes bool
	// Mechanism is who enforces it.
	Mechanism string
}

// Limits reads back from the kernel what bounds the sandbox's programs: the
// limits of one that runs, else of init, whose limits all of them inherit.
func (b *Box) Limits() ([]Limit, error) {
	tasks, err := b.tasks()
	if err != nil {
		return nil, err
	}
	var all []Limit
	if n := b.report.PIDMax; n > 0 {
		all = append(all, Limit{Name: "processes and threads", Max: int64(n) - 1, Used: tasks, Mechanism: "kernel.pid_max of the pid namespace"})
	}
	ofProgram, err := b.resources(tasks)
	if err != nil {
		return nil, err
	}
	all = append(all, ofProgram...)
	for _, dir := range []string{"/tmp", "/dev/shm"} {
		l, err := b.tmpfs(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// OOMScore is what the kernel adds for a program of the sandbox when it looks for
// one to end; "unknown" where it does not say.
func (b *Box) OOMScore() string {
	text, err := b.read("1/oom_score_adj")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(text)
}

// tasks counts the processes and threads.
func (b *Box) tasks() (int64, error) {
	pids, err := b.pids()
	if err != nil {
		return 0, err
	}
	var all int64
	for _, pid := range pids {
		if status, err := b.readStatus(pid + "/status"); err == nil { // else it has ended
			n, _ := strconv.ParseInt(status["Threads"], 10, 64)
			all += n
		}
	}
	return all, nil
}

// pids lists the processes. Each listing opens the directory anew: an offset is
// shared by all who use one description of it.
func (b *Box) pids() ([]string, error) {
	fd, err := unix.Openat(int(b.Proc.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("list processes of the sandbox: %w", err)
	}
	dir := os.NewFile(uintptr(fd), "proc")
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list processes of the sandbox: %w", err)
	}
	var pids []string
	for _, name := range names {
		if name[0] >= '1' && name[0] <= '9' {
			pids = append(pids, name)
		}
	}
	return pids, nil
}

// resources reads /proc/PID/limits (proc_pid_limits(5)), whose rows have a name
// of some words, the soft limit, the hard one and perhaps a unit.
func (b *Box) resources(tasks int64) ([]Limit, error) {
	text, err := b.limitsOfProgram()
	if err != nil {
		return nil, err
	}
	var all []Limit
	for _, l := range []struct {
		row string
		Limit
	}{
		{"Max processes", Limit{Name: "processes and threads", Used: tasks, Mechanism: "RLIMIT_NPROC in the user namespace"}},
		{"Max data size", Limit{Name: "memory of one process", Used: -1, Bytes: true, Mechanism: "RLIMIT_DATA"}},
		{"Max open files", Limit{Name: "open files of one process", Used: -1, Mechanism: "RLIMIT_NOFILE"}},
		{"Max file size", Limit{Name: "size of one file", Used: -1, Bytes: true, Mechanism: "RLIMIT_FSIZE"}},
		{"Max core file size", Limit{Name: "core file", Used: -1, Bytes: true, Mechanism: "RLIMIT_CORE"}},
		{"Max locked memory", Limit{Name: "locked memory", Used: -1, Bytes: true, Mechanism: "RLIMIT_MEMLOCK"}},
	} {
		l.Max, err = hardLimit(text, l.row)
		if err != nil {
			return nil, err
		}
		all = append(all, l.Limit)
	}
	return all, nil
}

func (b *Box) limitsOfProgram() (string, error) {
	for _, p := range b.Processes() {
		if text, err := b.read(fmt.Sprintf("%d/limits", p.PID)); err == nil {
			return text, nil
		}
	}
	return b.read("1/limits")
}

func hardLimit(text, row string) (int64, error) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, row)
		fields := strings.Fields(rest)
		if !ok || len(fields) < 2 {
			continue
		}
		if fields[1] == "unlimited" {
			return -1, nil
		}
		return strconv.ParseInt(fields[1], 10, 64)
	}
	return 0, fmt.Errorf("the kernel shows no %q", row)
}

// read reads a file of the sandbox's /proc.
func (b *Box) read(path string) (string, error) {
	fd, err := unix.Openat(int(b.Proc.Fd()), path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	text, err := io.ReadAll(f)
	return string(text), err
}

// tmpfs asks a file system of the sandbox for its size.
func (b *Box) tmpfs(dir string) (Limit, error) {
	fd, err := unix.Openat(int(b.Proc.Fd()), "1/root"+dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Limit{}, fmt.Errorf("open %s of the sandbox: %w", dir, err)
	}
	defer unix.Close(fd)
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil {
		return Limit{}, fmt.Errorf("size of %s: %w", dir, os.NewSyscallError("fstatfs", err))
	}
	return Limit{
		Name: dir, Max: int64(st.Blocks) * st.Bsize, Used: int64(st.Blocks-st.Bfree) * st.Bsize, Bytes: true, Mechanism: "size of the tmpfs, counts as memory",
	}, nil
}
