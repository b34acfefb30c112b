package identity_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// order is one process for the stand-in of init to start.
type order struct {
	Path string
	Role string
	Args []string
}

// playInit is the smallest init of a sandbox: it makes the network and its sockets, holds connect()
// and starts what it is told to. File 3 is the socket to the test.
//
// With an argument it holds nothing, as on a kernel without seccomp notification.
func playInit(a []string) error {
	runtime.LockOSThread() // the filter is this thread's; what it starts inherits it
	files, port4, err := openSockets()
	if err != nil {
		return err
	}
	proc, err := newProc()
	if err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	files = append(files, proc)
	if len(a) == 0 {
		notify, err := holdCalls()
		if err != nil {
			return fmt.Errorf("seccomp user notification: %w", err)
		}
		files = append(files, notify)
	}
	if err := unix.Sendmsg(3, []byte{0}, unix.UnixRights(files...), nil, 0); err != nil {
		return err
	}
	return obey(port4)
}

func openSockets() (files []int, port4 int, err error) {
	if err := loopbackUp(); err != nil {
		return nil, 0, fmt.Errorf("lo up: %w", err)
	}
	// TCP_FASTOPEN_CONNECT then needs no cookie of the server's, and always puts the SYN off until the first write.
	if err := os.WriteFile("/proc/sys/net/ipv4/tcp_fastopen", []byte("5"), 0); err != nil {
		return nil, 0, err
	}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, 0, err
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			return nil, 0, err
		}
		if port4 == 0 {
			port4 = l.Addr().(*net.TCPAddr).Port
		}
		files = append(files, int(f.Fd()))
	}
	diag, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, 0, err
	}
	conntrack, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	return append(files, diag, conntrack), port4, err
}

// newProc makes the /proc of the box's pid namespace and attaches it nowhere.
func newProc() (int, error) {
	fs, err := unix.Fsopen("proc", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, err
	}
	return unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
}

func loopbackUp() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, r)
}

// holdCalls installs the filter on the calling thread, as package confine does.
func holdCalls() (int, error) {
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SYS_EXIT_GROUP, SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_CONNECT, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_USER_NOTIF},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW},
	})
	if err != nil {
		return -1, err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: (*unix.SockFilter)(unsafe.Pointer(&program[0]))}
	const flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	fd, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&filter)))
	if e != 0 {
		return -1, e
	}
	return int(fd), nil
}

// obey starts one process per line until the test closes the socket; the pid namespace ends with it.
func obey(port4 int) error {
	lines := bufio.NewScanner(os.NewFile(3, "orders"))
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return err
		}
		if o.Role == "init" {
			fmt.Println("init", connectTo(net.JoinHostPort("127.0.0.1", fmt.Sprint(port4))))
			continue
		}
		c := command(o.Path, o.Role, o.Args...)
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // as package confine does
		if err := c.Start(); err != nil {
			return err
		}
		go func() { fmt.Println("ended", o.Role, c.Wait()) }()
	}
	return lines.Err()
}

// command starts a copy of the test binary in a role.
func command(path, role string, args ...string) *exec.Cmd {
	c := exec.Command(path, args...)
	c.Env = append(os.Environ(), roleVariable+"="+role)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c
}
