package reexec_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func clearCloseOnExec(t *testing.T, f *os.File) uintptr {
	t.Helper()
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFD, 0); err != nil {
		t.Fatal(err)
	}
	return f.Fd()
}

func closesOnExec(t *testing.T, fd uintptr) bool {
	t.Helper()
	flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
	if err != nil {
		t.Fatal(err)
	}
	return flags&unix.FD_CLOEXEC != 0
}
