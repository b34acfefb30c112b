package confine

import (
	"os"

	"golang.org/x/sys/unix"

	"exeat/sandbox/reexec"
)

// pipes makes the three pipes of a program and returns its ends. They are the
// supervisor's own, so that no file of the host's user gets inside: with one
// of those a program could push input into a terminal (TIOCSTI), or re-open the
// file by /proc/self/fd with other rights.
func (p *Process) pipes(uid, gid int) ([]*os.File, error) {
	var theirs []*os.File
	for _, end := range []struct {
		mine  **os.File
		reads bool // the program does
	}{{&p.Stdin, true}, {&p.Stdout, false}, {&p.Stderr, false}} {
		mine, other, err := pipe(end.reads, uid, gid)
		if err != nil {
			p.Close()
			reexec.CloseAll(theirs)
			return nil, err
		}
		*end.mine, theirs = mine, append(theirs, other)
	}
	return theirs, nil
}

// pipe makes one pipe whose far end is blocking, as programs expect, and owned
// by uid: or `echo >/dev/stderr` would be refused where root supervises.
func pipe(farReads bool, uid, gid int) (near, far *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	r, w := fds[0], fds[1]
	if farReads {
		r, w = w, r
	}
	near, far = nearEnd(r), os.NewFile(uintptr(w), "pipe")
	if os.Geteuid() == 0 {
		if err := far.Chown(uid, gid); err != nil {
			near.Close()
			far.Close()
			return nil, nil, err
		}
	}
	return near, far, nil
}

// nearEnd is non-blocking, so that a Close ends a Read.
func nearEnd(fd int) *os.File {
	unix.SetNonblock(fd, true)
	return os.NewFile(uintptr(fd), "pipe")
}
