package reexec

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Trim unmaps the pages of this binary's code and constants. Starting touches
// most of them (package initialisation, once), and they would count as resident
// for the life of a process that then waits. What is needed again comes back from
// the page cache (MADV_DONTNEED of a private file mapping, madvise(2)).
func Trim() error {
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return err
	}
	defer smaps.Close()
	all, err := clean(smaps)
	for _, p := range all {
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, p.start, p.end-p.start, unix.MADV_DONTNEED); errno != 0 {
			return os.NewSyscallError("madvise", errno)
		}
	}
	return err
}

// pages are a range of addresses.
type pages struct{ start, end uintptr }

// clean finds, in the form of proc_pid_smaps(5), what is mapped from a file, cannot
// be written, and has no page of its own: relocations, in a binary that is linked
// dynamically or position-independent, are such pages, and would be lost.
func clean(smaps io.Reader) (all []pages, err error) {
	var now pages
	candidate := false
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text()) // of a mapping: range, mode, offset, device, inode, path
		switch {
		case len(fields) >= 5 && !strings.HasSuffix(fields[0], ":"):
			now, candidate = candidateOf(fields)
		case candidate && len(fields) == 3 && fields[0] == "Anonymous:" && fields[1] == "0":
			all = append(all, now)
		}
	}
	return all, lines.Err()
}

func candidateOf(fields []string) (pages, bool) {
	mode, inode := fields[1], fields[4]
	from, to, _ := strings.Cut(fields[0], "-")
	a, errA := strconv.ParseUint(from, 16, strconv.IntSize)
	b, errB := strconv.ParseUint(to, 16, strconv.IntSize)
	ok := inode != "0" && strings.HasPrefix(mode, "r-") && strings.HasSuffix(mode, "p") && errA == nil && errB == nil && a < b
	return pages{uintptr(a), uintptr(b)}, ok
}
