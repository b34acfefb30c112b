package confine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// awake counts the threads of the sandbox, init's left out, that may run code
// of a program. It looks at each thread: a process whose first one has ended
// shows as a zombie while the others run.
func awake() (int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, fmt.Errorf("list processes: %w", err)
	}
	all := 0
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err != nil || pid == 1 {
			continue
		}
		n, err := awakeThreads("/proc/" + e.Name() + "/task")
		if err != nil {
			return 0, err
		}
		all += n
	}
	return all, nil
}

// awakeThreads counts those of one process; one that has ended has none.
func awakeThreads(dir string) (int, error) {
	threads, err := os.ReadDir(dir)
	if err != nil && !gone(err) {
		return 0, fmt.Errorf("list threads: %w", err)
	}
	n := 0
	for _, t := range threads {
		stat, err := os.ReadFile(dir + "/" + t.Name() + "/stat")
		if err != nil && !gone(err) {
			return 0, fmt.Errorf("read the state of a thread: %w", err)
		}
		if err == nil && !atRest(stat) {
			n++
		}
	}
	return n, nil
}

// gone says that a process has ended while it was looked at.
func gone(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH)
}

// atRest reads the state that follows the name in parentheses (proc_pid_stat(5)).
// D is at rest: it is in the kernel, for its child's vfork or for our own answer
// to its connect(), and stops before it comes back from there.
func atRest(stat []byte) bool {
	i := bytes.LastIndexByte(stat, ')')
	return i >= 0 && i+2 < len(stat) && bytes.IndexByte([]byte("TtZXxD"), stat[i+2]) >= 0
}
