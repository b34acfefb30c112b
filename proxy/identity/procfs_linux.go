package identity

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// procfs is the path of a mounted proc(5), which decides how processes are numbered.
type procfs string

// hostProc numbers processes as the supervisor does.
const hostProc procfs = "/proc"

func (p procfs) file(pid int, name string) string {
	return string(p) + "/" + strconv.Itoa(pid) + "/" + name
}

// readProc reads as much of a file of /proc as the buffer holds, in one go.
func readProc(path string, buffer []byte) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buffer)
	if err != nil {
		return nil, err
	}
	return buffer[:n], nil
}

// readAll reads a file of /proc, whose size is not known before.
func readAll(fd, limit int) ([]byte, error) {
	text := make([]byte, 0, 16<<10)
	for len(text) < limit {
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
		n, err := unix.Read(fd, text[len(text):cap(text)])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return text, err
		}
		text = text[:len(text)+n]
	}
	return nil, unix.EFBIG
}

// numbersIn returns the numbers among the names in a directory of /proc, in the kernel's order.
func numbersIn(path string, most int) (numbers []int, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var buffer [8192]byte
	for {
		n, err := unix.ReadDirent(fd, buffer[:])
		if err != nil || n == 0 {
			return numbers, err
		}
		_, _, names := unix.ParseDirent(buffer[:n], -1, nil)
		for _, name := range names {
			number, err := strconv.Atoi(name)
			switch {
			case err != nil:
			case len(numbers) == most:
				return numbers, unix.E2BIG
			default:
				numbers = append(numbers, number)
			}
		}
	}
}
