package confine

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Memory is what a sandbox holds: the private memory of its programs, a page
// that several share counted once, and its tmpfs. Memory that no program maps
// (memfd_create(2), shmget(2)) does not show.
type Memory struct {
	Bytes int64
	// Largest is the program that has most of it.
	Largest Holder
}

// Holder is a program and the memory it has of its own.
type Holder struct {
	PID   int // as the sandbox counts
	Bytes int64
}

// Memory adds up what the sandbox holds. For a large program that takes the
// kernel milliseconds, in which the program cannot map more.
func (b *Box) Memory() (Memory, error) { return b.addMemory(b.shareOf) }

// MemoryAtMost is quick: a page that several programs share counts for each.
func (b *Box) MemoryAtMost() (Memory, error) { return b.addMemory(b.residentOf) }

func (b *Box) addMemory(of func(pid string) int64) (Memory, error) {
	pids, err := b.pids()
	if err != nil {
		return Memory{}, err
	}
	var m Memory
	for _, pid := range pids {
		n := of(pid)
		m.Bytes += n
		if id, _ := strconv.Atoi(pid); id > 1 && n > m.Largest.Bytes {
			m.Largest = Holder{PID: id, Bytes: n}
		}
	}
	for _, dir := range []string{"/tmp", "/dev/shm"} {
		l, err := b.tmpfs(dir)
		if err != nil {
			return Memory{}, err
		}
		m.Bytes += l.Used
	}
	return m, nil
}

// shareOf is the proportional share, or where a program has made itself
// unreadable all that is resident.
func (b *Box) shareOf(pid string) int64 {
	if fields, err := b.readStatus(pid + "/smaps_rollup"); err == nil {
		if n, ok := kibibytes(fields["Pss_Anon"]); ok {
			return n
		}
	}
	return b.residentOf(pid)
}

// residentOf is zero for a program that has ended.
func (b *Box) residentOf(pid string) int64 {
	fields, err := b.readStatus(pid + "/status")
	if err != nil {
		return 0
	}
	n, _ := kibibytes(fields["RssAnon"])
	return n
}

// kibibytes reads "1234 kB".
func kibibytes(text string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSuffix(text, " kB"), 10, 64)
	return n << 10, err == nil
}

// KillLargest ends one program, as the kernel does when a control group is out
// of memory. One that has ended meanwhile is no error: the directory of a
// process is of that process only, whoever gets its number next.
func (b *Box) KillLargest(h Holder) error {
	fd, err := unix.Openat(int(b.Proc.Fd()), strconv.Itoa(h.PID), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && err != unix.ESRCH {
		return fmt.Errorf("end the largest program: %w", os.NewSyscallError("pidfd_send_signal", err))
	}
	return nil
}
