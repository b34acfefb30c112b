package sockets

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// asCaller runs f with the rights of the sandbox's uid: it may walk and connect
// where the caller may, and the server sees that uid. For an ordinary user these
// are its own. Root gives up its own for good, on a thread that ends with f.
func (n *Connector) asCaller(f func()) {
	if os.Geteuid() != 0 {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.onThread(f)
	}()
	<-done
}

// onThread spares the first thread: as long as the process lives it cannot end,
// and by its uid others decide who may send the process a signal.
func (n *Connector) onThread(f func()) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		n.asCaller(f) // on another one, since this is taken
		runtime.UnlockOSThread()
		return
	}
	if n.become() {
		f()
	}
	// Never unlocked, so the thread ends here.
}

// become changes the calling thread alone: the functions of the libraries change
// them all. The capabilities go with the uid (capabilities(7)).
func (n *Connector) become() bool {
	uid, gid := uintptr(n.config.UID), uintptr(n.config.GID)
	for _, call := range [][4]uintptr{
		{unix.SYS_SETGROUPS}, {unix.SYS_SETRESGID, gid, gid, gid}, {unix.SYS_SETRESUID, uid, uid, uid},
	} {
		if _, _, errno := unix.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
			return false
		}
	}
	return true
}
