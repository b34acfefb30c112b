package confine

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// start forks and executes a program. It runs on the locked-down thread.
func start(spec *ExecSpec, files []*os.File) (pid int, terminal *os.File, refused *ExecError) {
	dir := spec.Dir
	if dir == "" {
		dir = "/"
	}
	if err := enterable(dir); err != nil {
		return 0, nil, &ExecError{Problem: BadDirectory, Path: dir, Errno: errnoOf(err)}
	}
	path, refused := find(spec.Argv[0], spec.Env, dir)
	if refused != nil {
		return 0, nil, refused
	}
	attr := &syscall.ProcAttr{Dir: dir, Env: spec.Env, Sys: &syscall.SysProcAttr{Setsid: true}}
	if spec.TTY {
		master, slave, err := openTerminal(spec.Rows, spec.Cols)
		if err != nil {
			return 0, nil, &ExecError{Problem: OtherProblem, Path: "/dev/pts", Errno: errnoOf(err)}
		}
		defer slave.Close()
		terminal, files = master, []*os.File{slave, slave, slave}
		attr.Sys.Setctty = true
	}
	for _, f := range files {
		attr.Files = append(attr.Files, f.Fd())
	}
	pid, err := syscall.ForkExec(path, spec.Argv, attr)
	if err != nil {
		if terminal != nil {
			terminal.Close()
		}
		return 0, nil, classify(path, dir, errnoOf(err))
	}
	return pid, terminal, nil
}

// openTerminal makes a terminal in the sandbox's own /dev/pts, so that `tty`
// names it, and returns both ends.
func openTerminal(rows, cols int) (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/pts/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("open", err)
	}
	master = os.NewFile(uintptr(fd), "ptmx")
	slave, err = openSlave(fd)
	if err == nil && (rows > 0 || cols > 0) {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, winsize(rows, cols))
	}
	if err != nil {
		master.Close()
		if slave != nil {
			slave.Close()
		}
		return nil, nil, err
	}
	return master, slave, nil
}

func openSlave(master int) (*os.File, error) {
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return nil, err
	}
	n, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Open(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "pts"), nil
}

func errnoOf(err error) syscall.Errno {
	e, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return syscall.EIO
	}
	return e
}
