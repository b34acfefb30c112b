package reexec

import (
	"bufio"
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
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		start, end, ok := ownPages(lines.Text())
		if !ok {
			continue
		}
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, start, end-start, unix.MADV_DONTNEED); errno != 0 {
			return os.NewSyscallError("madvise", errno)
		}
	}
	return lines.Err()
}

// ownPages finds what is mapped from a file and cannot be written, see
// proc_pid_maps(5): this binary is static, so no other file is.
func ownPages(line string) (start, end uintptr, ok bool) {
	fields := strings.Fields(line) // range, mode, offset, device, inode, path
	if len(fields) < 5 || fields[4] == "0" || !strings.HasPrefix(fields[1], "r-") || !strings.HasSuffix(fields[1], "p") {
		return 0, 0, false
	}
	from, to, _ := strings.Cut(fields[0], "-")
	a, errA := strconv.ParseUint(from, 16, strconv.IntSize)
	b, errB := strconv.ParseUint(to, 16, strconv.IntSize)
	return uintptr(a), uintptr(b), errA == nil && errB == nil && a < b
}
