package lifecycle_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// machine is all that a sandbox could leave behind.
type machine struct {
	processes, mounts, files, cgroups []string
}

func (u *user) look() machine {
	u.t.Helper()
	var m machine
	for _, pid := range ours() {
		line, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		m.processes = append(m.processes, strings.ReplaceAll(string(line), "\x00", " "))
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	must(u.t, err)
	m.mounts = strings.Split(string(mounts), "\n")
	for _, dir := range []string{u.state(), u.run(), "/dev/shm"} {
		m.files = append(m.files, tree(dir)...)
	}
	m.cgroups = slices.DeleteFunc(tree("/sys/fs/cgroup"), func(p string) bool { return !strings.Contains(p, "exeat") || strings.Contains(filepath.Base(p), ".") })
	return m
}

// ours are the processes of this world that run our binary or hang on one that
// does; zombies that wait for their parent count.
func ours() (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		comm, err := os.ReadFile(dir + "/comm")
		if err == nil && pid != os.Getpid() && pid != 1 && !strings.HasPrefix(string(comm), "self") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// tree lists every file below dir, without those of the databases that come and go.
func tree(dir string) (files []string) {
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && !strings.HasSuffix(path, "-wal") && !strings.HasSuffix(path, "-shm") {
			files = append(files, path)
		}
		return nil
	})
	return files
}

// added are those of after that are not in before.
func added(before, after []string) []string {
	return slices.DeleteFunc(slices.Clone(after), func(s string) bool { return slices.Contains(before, s) })
}

// leftNothing waits until the machine is as it was.
func (u *user) leftNothing(before machine) {
	u.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		now := u.look()
		left := slices.Concat(added(before.processes, now.processes), added(before.mounts, now.mounts), added(before.files, now.files), added(before.cgroups, now.cgroups))
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			u.t.Fatalf("left behind:\n%s", strings.Join(left, "\n"))
		}
	}
}

// killAll ends every process that is ours at once, as the loss of power would.
func killAll() {
	for {
		alive := slices.DeleteFunc(ours(), zombie)
		if len(alive) == 0 {
			return
		}
		for _, pid := range alive {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(time.Millisecond)
	}
}

// zombie says whether a process has ended and waits for its parent, proc_pid_stat(5).
func zombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}

// memory is what processes have in it, in kB: all of it, and their share of what
// several map, which only root may read of a process that hides.
func memory(pids []int) (rss, pss int) {
	for _, pid := range pids {
		rss += field("/proc/"+strconv.Itoa(pid)+"/status", "VmRSS:")
		pss += field("/proc/"+strconv.Itoa(pid)+"/smaps_rollup", "Pss:")
	}
	return rss, pss
}

// field is the number behind a name in a file of /proc, 0 where there is none.
func field(file, name string) int {
	raw, _ := os.ReadFile(file)
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			n, _ := strconv.Atoi(fields[1])
			return n
		}
	}
	return 0
}
