package identity

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is what a held connect() is called on, and what its thread's pidfd tells besides.
type socket struct {
	fd     int // our own copy, which the caller closes
	family int
	cookie uint64
	tcp    bool
	leader bool // the calling thread is its process's first
	kin    kin
}

// openSocket copies the socket behind descriptor fd of the held thread. A thread that swaps the
// descriptor now (dup2) gains nothing: what was copied is what is recorded and connected.
func openSocket(tid, fd int) (socket, unix.Errno) {
	thread, leader, err := pidfd(tid)
	if err != nil {
		return socket{}, unix.EACCES
	}
	defer unix.Close(thread)
	copied, err := unix.PidfdGetfd(thread, fd, 0)
	if err == unix.EBADF {
		return socket{}, unix.EBADF
	}
	if err != nil { // its program cannot be read: nobody could say who connects
		return socket{}, unix.EACCES
	}
	s := socket{fd: copied, leader: leader}
	if errno := s.describe(); errno != 0 {
		unix.Close(copied)
		return socket{}, errno
	}
	if s.tcp {
		s.kin = kinOf(thread)
	}
	return s, 0
}

// describe asks the socket what it is.
func (s *socket) describe() unix.Errno {
	var err error
	if s.family, err = unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_DOMAIN); err != nil {
		return errnoOf(err) // ENOTSOCK
	}
	if s.tcp = s.isTCP(); !s.tcp {
		return 0
	}
	if s.cookie, err = unix.GetsockoptUint64(s.fd, unix.SOL_SOCKET, unix.SO_COOKIE); err != nil {
		return errnoOf(err)
	}
	return 0
}

// pidfd opens the thread. PIDFD_THREAD is of 6.9; before that the process stands for its thread, which
// may have descriptors of its own (CLONE_FILES not set): then the cookie is another socket's, and the
// connection has no record.
func pidfd(tid int) (fd int, leader bool, err error) {
	if fd, err = unix.PidfdOpen(tid, 0); err == nil {
		return fd, true, nil
	}
	if fd, err = unix.PidfdOpen(tid, unix.PIDFD_THREAD); err == nil {
		return fd, false, nil
	}
	group, err := hostProc.threadGroup(tid)
	if err != nil {
		return -1, false, err
	}
	fd, err = unix.PidfdOpen(group, 0)
	return fd, false, err
}

// kin is the process of a thread and that process's parent.
type kin struct{ group, parent int }

// ioctlGetInfo is PIDFD_GET_INFO for the first version of struct pidfd_info.
const ioctlGetInfo = 0xc040ff0b

// kinOf asks in a microsecond what /proc takes ten for. It is of 6.13; before that, kin is zero.
func kinOf(pidfd int) kin {
	info := struct {
		mask, cgroup       uint64
		pid, group, parent uint32
		_                  [36]byte
	}{mask: 1} // PIDFD_INFO_PID
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(pidfd), ioctlGetInfo, uintptr(unsafe.Pointer(&info)))
	if e != 0 || info.mask&1 == 0 {
		return kin{}
	}
	return kin{int(info.group), int(info.parent)}
}

// isTCP is false for everything that does not end at the proxy's listeners: unix sockets, UDP and
// MPTCP, whose subflows have other cookies.
func (s *socket) isTCP() bool {
	if s.family != unix.AF_INET && s.family != unix.AF_INET6 {
		return false
	}
	protocol, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	return err == nil && protocol == unix.IPPROTO_TCP
}
