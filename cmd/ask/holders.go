package ask

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// HeldError says that a process of another session has the terminal open.
// Within our session the kernel's job control keeps background readers away
// (SIGTTIN, termios(3)); from another session nothing does.
type HeldError struct {
	PID  int
	Name string
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("another process has this terminal open and could read what you type: %s (pid %d)", e.Name, e.PID)
}

// Hint says what to do about it.
func (e *HeldError) Hint() string { return "open another terminal and run the command there" }

// handOver is how long whoever started this session may keep the terminal open,
// and handOverStep how often that is looked at. It forks with its own copy of the
// terminal open, and on a busy machine the child is here before it has closed that.
const handOver, handOverStep = 2 * time.Second, 5 * time.Millisecond

// refuseHolders looks for the terminal among the open files of every process
// that can be read, which are at least all of this user's own. A stranger is
// refused at once; the session's starter, which had the terminal before us, once
// it takes too long. Only a look that finds nobody lets a question be asked.
func refuseHolders(ctx context.Context, fd int) error {
	number, err := unix.IoctlGetUint32(fd, unix.TIOCGDEV) // ioctl_tty(2): the device behind /dev/tty
	if err != nil {
		return fmt.Errorf("read the terminal's device: %w", err)
	}
	ours := newDevice(uint64(number))
	session, err := unix.Getsid(0)
	if err != nil {
		return fmt.Errorf("read own session: %w", err)
	}
	starter := parent(session)
	for deadline := time.Now().Add(handOver); ; {
		pid, err := holder(ours, session)
		if pid == 0 || err != nil {
			return err
		}
		if pid != starter || time.Now().After(deadline) {
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
			return &HeldError{pid, string(bytes.TrimSpace(name))}
		}
		select {
		case <-ctx.Done():
			return ErrCancelled
		case <-time.After(handOverStep): // the kernel tells nobody when a file is closed
		}
	}
}

// holder is the first process of another session that has the device open, or 0.
func holder(ours device, session int) (int, error) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range processes {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if sid, err := unix.Getsid(pid); err == nil && sid != session && holds(dir, ours) {
			return pid, nil
		}
	}
	return 0, nil
}

// parent is a process's parent, or 0 where none can be seen, proc_pid_stat(5).
func parent(pid int) int {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	var state string
	var parent int
	_, _ = fmt.Sscan(string(raw[bytes.LastIndexByte(raw, ')')+1:]), &state, &parent)
	return parent
}

// device is a terminal: its number, and the file system of the pseudo-terminal.
// The number alone does not name one: each sandbox has a devpts of its own
// (devpts in the kernel's filesystems documentation), and its pts/0 is not ours.
type device struct{ number, instance uint64 }

// Majors of the slaves of pseudo-terminals (admin-guide/devices.txt).
const firstSlave, lastSlave = 136, 143

// newDevice finds the instance. Where it cannot, none is named, and every
// terminal of that number is taken for ours.
func newDevice(number uint64) device {
	d := device{number: number}
	major, minor := unix.Major(number), unix.Minor(number)
	if major < firstSlave || major > lastSlave {
		return d
	}
	var st unix.Stat_t
	path := fmt.Sprintf("/dev/pts/%d", (major-firstSlave)<<8|minor)
	if unix.Stat(path, &st) == nil && st.Rdev == number {
		d.instance = st.Dev
	}
	return d
}

func (d device) is(st unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == d.number && (d.instance == 0 || d.instance == st.Dev)
}

// holds says whether the process has the device among its open files.
func holds(dir string, ours device) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "fd", "*"))
	for _, file := range files {
		target, err := os.Readlink(file)
		if err != nil || !strings.HasPrefix(target, "/dev/") {
			continue
		}
		var st unix.Stat_t
		if unix.Stat(file, &st) == nil && ours.is(st) {
			return true
		}
	}
	return false
}
