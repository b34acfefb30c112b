package identity

import (
	"net/netip"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxUnderway bounds the connects that are carried out at once. One waits, with a thread of ours, while
// the backlog of a listener is full; that listener may be the sandbox's own and never accept, which lasts for minutes, and on
// a unix socket for ever: those have a bound of their own, or they would take the network from the whole sandbox.
const (
	maxUnderway = 128
	maxLocal    = 64
)

// underway are the connects that are being carried out.
type underway struct {
	mu      sync.Mutex
	threads map[int]int // guarded by mu; ours, by socket
	local   int         // guarded by mu; those to programs of the sandbox's own
	over    bool        // guarded by mu; no further one begins

	inside func(netip.AddrPort) bool // see Config.Local
}

func newUnderway(inside func(netip.AddrPort) bool) *underway {
	return &underway{threads: map[int]int{}, inside: inside}
}

// connect answers as connect(2) does, and EAGAIN when too many wait.
func (u *underway) connect(fd int, address []byte) unix.Errno {
	family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil || !modest(family, address) {
		return unix.EPERM
	}
	runtime.LockOSThread() // by its number end wakes it
	defer runtime.UnlockOSThread()
	local := family == unix.AF_UNIX || u.staysInside(address)
	if !u.enter(fd, local) {
		return unix.EAGAIN
	}
	defer u.leave(fd, local)
	for {
		// An interruption is our own: the Go runtime's. The caller's signals wait until it is answered.
		if errno := connect(fd, address); errno != unix.EINTR || u.isOver() {
			return errno
		}
	}
}

// staysInside tells whether a program of the sandbox's own may be what listens at an address of the network.
func (u *underway) staysInside(address []byte) bool {
	to, ok := Destination(address)
	return ok && u.inside != nil && u.inside(to)
}

func connect(fd int, address []byte) unix.Errno {
	at := unsafe.Pointer(unsafe.SliceData(address))
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(at), uintptr(len(address)))
	return errno
}

// modest refuses what the caller may not do and this process may, since it owns the sandbox's network:
// to name a netlink peer other than the kernel (netlink(7)).
func modest(family int, address []byte) bool {
	switch {
	case family == unix.AF_INET, family == unix.AF_INET6, family == unix.AF_UNIX:
		return true
	case family != unix.AF_NETLINK || len(address) < unix.SizeofSockaddrNetlink:
		return false
	}
	for _, b := range address[4:unix.SizeofSockaddrNetlink] { // nl_pid and nl_groups
		if b != 0 {
			return false
		}
	}
	return true
}

func (u *underway) enter(fd int, local bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.over || local && u.local >= maxLocal || !local && len(u.threads)-u.local >= maxUnderway {
		return false
	}
	u.threads[fd] = unix.Gettid()
	if local {
		u.local++
	}
	return true
}

func (u *underway) leave(fd int, local bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.threads, fd)
	if local {
		u.local--
	}
}

func (u *underway) isOver() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.over
}

// end fails the connects that still wait, or they would hold up the end for minutes, or for ever: a unix
// socket that waits for a listener, and has that very listener in its own queue, lives as long as we hold it.
func (u *underway) end() {
	for !u.shut() {
		time.Sleep(time.Millisecond)
	}
}

func (u *underway) shut() (done bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
	for fd, thread := range u.threads {
		interrupt(fd, thread)
	}
	return len(u.threads) == 0
}

// interrupt has a connect() that waits return. A shutdown wakes one over TCP. One on a unix socket begins anew
// after a signal (SA_RESTART), and does not wait then. SIGURG is the Go runtime's own, which minds no further one.
func interrupt(fd, thread int) {
	_ = unix.Shutdown(fd, unix.SHUT_RDWR) // not connecting yet, or not any more
	_ = unix.SetNonblock(fd, true)
	_ = unix.Tgkill(unix.Getpid(), thread, unix.SIGURG) // it has left the call meanwhile
}
