package identity

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The interface of seccomp_unotify(2). Sizes are part of the ioctl numbers, equal on amd64 and arm64.
const (
	ioctlRecv     = 0xc0502100
	ioctlSend     = 0xc0182101
	ioctlIDValid  = 0x40082102
	ioctlSetFlags = 0x40082104

	flagContinue   = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE
	flagSyncWakeUp = 1 // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, since 6.6
)

// notification is struct seccomp_notif.
type notification struct {
	ID    uint64
	TID   uint32 // in the pid namespace of the reader
	Flags uint32
	NR    int32
	Arch  uint32
	IP    uint64
	Args  [6]uint64
}

// response is struct seccomp_notif_resp.
type response struct {
	ID    uint64
	Val   int64
	Error int32
	Flags uint32
}

// errOver ends a loop without being a fault.
var errOver = errors.New("nothing left to watch")

// pending is one call that is held. Whoever comes first answers it: the loop, or the clock.
type pending struct {
	id       uint64
	number   int32
	connect  atomic.Pointer[connection] // what to carry out; nil until it was copied
	answer   sync.Once                  // who comes second waits, so that nothing is sent after Watch has returned
	relieved chan struct{}
}

// listener is the supervisor's end of a seccomp filter.
type listener struct{ file *os.File }

func newListener(f *os.File) (listener, error) {
	if f == nil {
		return listener{}, errors.New("watch a sandbox: no seccomp listener")
	}
	l := listener{f}
	// Without it (before 6.6: EINVAL) a connect costs about 35 µs more; nothing else changes.
	flags := uint64(flagSyncWakeUp)
	if e := l.ioctl(ioctlSetFlags, uintptr(flags)); e != 0 && e != unix.EINVAL {
		return listener{}, fmt.Errorf("watch a sandbox: set up its seccomp listener: %w", e)
	}
	return l, nil
}

// receive waits for the next notification. It returns errOver when stop rings or no process is left.
func (l listener) receive(stop bell) (notification, error) {
	for {
		if err := l.ready(stop); err != nil {
			return notification{}, err
		}
		var n notification // the kernel refuses one that is not zero
		switch e := l.ioctlPointer(ioctlRecv, unsafe.Pointer(&n)); e {
		case 0:
			return n, nil
		case unix.EINTR, unix.ENOENT: // ENOENT: the process was killed in the meantime
		default:
			return notification{}, fmt.Errorf("receive a held call: %w", e)
		}
	}
}

// ready blocks until there is a notification. The ioctl alone could not be woken by stop.
func (l listener) ready(stop bell) error {
	fds := []unix.PollFd{{Fd: int32(l.file.Fd()), Events: unix.POLLIN}, {Fd: int32(stop.file.Fd()), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return fmt.Errorf("wait for a held call: %w", err)
		case fds[1].Revents != 0:
			return errOver
		case fds[0].Revents&unix.POLLIN != 0:
			return nil
		case fds[0].Revents != 0: // POLLHUP: the last process under the filter is gone
			return errOver
		}
	}
}

// valid tells whether the process is still held. Only then was what /proc/TID showed its own, and not
// that of a process which got the number later.
func (l listener) valid(id uint64) bool {
	return l.ioctlPointer(ioctlIDValid, unsafe.Pointer(&id)) == 0
}

// reply answers a held call, unless that was done. That the process is gone meanwhile is no fault.
func (w *Watcher) reply(p *pending, a Answer) {
	p.answer.Do(func() { w.listener.send(p.id, a) })
}

// release lets the call go on. Its arguments are read again by the kernel, so nothing is decided here.
func (w *Watcher) release(p *pending) { w.reply(p, Answer{Continue: true}) }

func (l listener) send(id uint64, a Answer) {
	r := response{ID: id, Val: a.Value, Error: -int32(a.Errno)}
	if a.Continue {
		r = response{ID: id, Flags: flagContinue}
	}
	l.ioctlPointer(ioctlSend, unsafe.Pointer(&r))
}

func (l listener) ioctl(request, argument uintptr) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, l.file.Fd(), request, argument)
	return e
}

func (l listener) ioctlPointer(request uintptr, argument unsafe.Pointer) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, l.file.Fd(), request, uintptr(argument))
	return e
}

// bell wakes every loop that polls it, once and for good. It is a file, so that ringing it after it
// was closed hits no other descriptor.
type bell struct{ file *os.File }

func newBell() (bell, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return bell{}, fmt.Errorf("watch a sandbox: %w", err)
	}
	return bell{os.NewFile(uintptr(fd), "bell")}, nil
}

func (b bell) ring() {
	one := [8]byte{1}
	_, _ = b.file.Write(one[:]) // closed: nobody listens any more
}
