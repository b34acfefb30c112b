package confine_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// call is one system call that a program inside tries, and what it must get.
type call struct {
	name   string
	number uintptr
	args   [6]uintptr
	want   unix.Errno
}

const badFile = 1 << 20 // no descriptor

const highBits = 1 << 32 // of an int argument: the kernel does not read them

// calls is one row per fact. Those that succeed change nothing.
func calls() []call {
	pair := new([2]int32)
	all := []call{
		{"unshare a user namespace", unix.SYS_UNSHARE, [6]uintptr{unix.CLONE_NEWUSER}, unix.EPERM},
		{"unshare with high bits set", unix.SYS_UNSHARE, [6]uintptr{unix.CLONE_NEWUSER | highBits}, unix.EPERM},
		{"unshare a user namespace among other flags", unix.SYS_UNSHARE, [6]uintptr{unix.CLONE_NEWUSER | unix.CLONE_FS}, unix.EPERM},
		{"unshare a time namespace", unix.SYS_UNSHARE, [6]uintptr{unix.CLONE_NEWTIME}, unix.EPERM},
		{"clone3", unix.SYS_CLONE3, [6]uintptr{}, unix.ENOSYS},
		{"setns", unix.SYS_SETNS, [6]uintptr{0, 0}, unix.EPERM},
		{"mount", unix.SYS_MOUNT, [6]uintptr{}, unix.EPERM},
		{"umount2", unix.SYS_UMOUNT2, [6]uintptr{}, unix.EPERM},
		{"pivot_root", unix.SYS_PIVOT_ROOT, [6]uintptr{}, unix.EPERM},
		{"chroot", unix.SYS_CHROOT, [6]uintptr{}, unix.EPERM},
		{"fsopen", unix.SYS_FSOPEN, [6]uintptr{}, unix.EPERM},
		{"open_tree", unix.SYS_OPEN_TREE, [6]uintptr{}, unix.EPERM},
		{"open_tree_attr", unix.SYS_OPEN_TREE_ATTR, [6]uintptr{}, unix.EPERM},
		{"move_mount", unix.SYS_MOVE_MOUNT, [6]uintptr{}, unix.EPERM},
		{"mount_setattr", unix.SYS_MOUNT_SETATTR, [6]uintptr{}, unix.EPERM},
		{"ptrace", unix.SYS_PTRACE, [6]uintptr{unix.PTRACE_TRACEME}, unix.EPERM},
		{"process_vm_readv", unix.SYS_PROCESS_VM_READV, [6]uintptr{1}, unix.EPERM},
		{"process_vm_writev", unix.SYS_PROCESS_VM_WRITEV, [6]uintptr{1}, unix.EPERM},
		{"pidfd_getfd", unix.SYS_PIDFD_GETFD, [6]uintptr{0, 0}, unix.EPERM},
		{"kcmp", unix.SYS_KCMP, [6]uintptr{1, 1}, unix.EPERM},
		{"bpf", unix.SYS_BPF, [6]uintptr{}, unix.EPERM},
		{"perf_event_open", unix.SYS_PERF_EVENT_OPEN, [6]uintptr{}, unix.EPERM},
		{"userfaultfd", unix.SYS_USERFAULTFD, [6]uintptr{}, unix.EPERM},
		{"keyctl", unix.SYS_KEYCTL, [6]uintptr{unix.KEYCTL_GET_KEYRING_ID}, unix.EPERM},
		{"add_key", unix.SYS_ADD_KEY, [6]uintptr{}, unix.EPERM},
		{"request_key", unix.SYS_REQUEST_KEY, [6]uintptr{}, unix.EPERM},
		{"open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT, [6]uintptr{}, unix.EPERM},
		{"init_module", unix.SYS_INIT_MODULE, [6]uintptr{}, unix.EPERM},
		{"kexec_load", unix.SYS_KEXEC_LOAD, [6]uintptr{}, unix.EPERM},
		{"swapon", unix.SYS_SWAPON, [6]uintptr{}, unix.EPERM},
		{"syslog", unix.SYS_SYSLOG, [6]uintptr{3}, unix.EPERM},
		{"quotactl", unix.SYS_QUOTACTL, [6]uintptr{}, unix.EPERM},
		{"vhangup", unix.SYS_VHANGUP, [6]uintptr{}, unix.EPERM},
		{"fanotify_init", unix.SYS_FANOTIFY_INIT, [6]uintptr{}, unix.EPERM},
		{"io_uring_setup", unix.SYS_IO_URING_SETUP, [6]uintptr{1}, unix.ENOSYS},
		{"io_uring_enter", unix.SYS_IO_URING_ENTER, [6]uintptr{}, unix.ENOSYS},
		{"io_uring_register", unix.SYS_IO_URING_REGISTER, [6]uintptr{}, unix.ENOSYS},
		{"a call nobody has reviewed", 500, [6]uintptr{}, unix.ENOSYS},
		{"TIOCSTI", unix.SYS_IOCTL, [6]uintptr{0, unix.TIOCSTI}, unix.EPERM},
		{"TIOCSTI with high bits set", unix.SYS_IOCTL, [6]uintptr{0, unix.TIOCSTI | highBits}, unix.EPERM},
		{"TIOCLINUX", unix.SYS_IOCTL, [6]uintptr{0, 0x541c}, unix.EPERM},
		{"PR_SET_MM", unix.SYS_PRCTL, [6]uintptr{unix.PR_SET_MM}, unix.EPERM},
		{"PR_SET_MM with high bits set", unix.SYS_PRCTL, [6]uintptr{unix.PR_SET_MM | highBits}, unix.EPERM},
		{"limits of init", unix.SYS_PRLIMIT64, [6]uintptr{1, unix.RLIMIT_CPU}, unix.EPERM},
		{"limits of its own", unix.SYS_PRLIMIT64, [6]uintptr{0, unix.RLIMIT_CPU}, 0},
		{"personality without randomisation", unix.SYS_PERSONALITY, [6]uintptr{0x0040000}, unix.EPERM},
		{"personality asked", unix.SYS_PERSONALITY, [6]uintptr{0xffffffff}, 0},
		{"a raw socket", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET, unix.SOCK_RAW, 1}, unix.EPERM},
		{"a raw IPv6 socket, close-on-exec", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET6, unix.SOCK_RAW | unix.SOCK_CLOEXEC, 58}, unix.EPERM},
		{"a ping socket", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET, unix.SOCK_DGRAM, 1}, unix.EPROTONOSUPPORT},
		{"MPTCP", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET, unix.SOCK_STREAM, 262}, unix.EPROTONOSUPPORT},
		{"MPTCP with high bits set", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET, unix.SOCK_STREAM, 262 | highBits}, unix.EPROTONOSUPPORT},
		{"SCTP", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET, unix.SOCK_STREAM, 132}, unix.EPROTONOSUPPORT},
		{"SMC over IP", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET6, unix.SOCK_STREAM, 256}, unix.EPROTONOSUPPORT},
		{"a sequenced IP socket", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET, unix.SOCK_SEQPACKET, 0}, unix.ESOCKTNOSUPPORT},
		{"netlink of netfilter", unix.SYS_SOCKET, [6]uintptr{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER}, unix.EPROTONOSUPPORT},
		{"netlink of sock_diag", unix.SYS_SOCKET, [6]uintptr{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG}, unix.EPROTONOSUPPORT},
		{"netlink of audit", unix.SYS_SOCKET, [6]uintptr{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT}, unix.EPROTONOSUPPORT},
		{"netlink of routes", unix.SYS_SOCKET, [6]uintptr{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE}, 0},
		{"TCP", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_NONBLOCK, unix.IPPROTO_TCP}, 0},
		{"TCP over IPv6", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET6, unix.SOCK_STREAM, 0}, 0},
		{"UDP", unix.SYS_SOCKET, [6]uintptr{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDP}, 0},
		{"a unix socket", unix.SYS_SOCKET, [6]uintptr{unix.AF_UNIX, unix.SOCK_SEQPACKET, 0}, 0},
		{"a unix datagram socket", unix.SYS_SOCKET, [6]uintptr{unix.AF_UNIX, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC, 0}, datagrams()},
		{"a unix datagram socket by its other name", unix.SYS_SOCKET, [6]uintptr{unix.AF_UNIX, unix.SOCK_RAW | highBits, 0}, datagrams()},
		{"a pair of unix datagram sockets", unix.SYS_SOCKETPAIR, [6]uintptr{unix.AF_UNIX, unix.SOCK_DGRAM, 0, uintptr(unsafe.Pointer(pair))}, datagrams()},
		{"a pair of unix sockets", unix.SYS_SOCKETPAIR, [6]uintptr{unix.AF_UNIX, unix.SOCK_STREAM, 0, uintptr(unsafe.Pointer(pair))}, 0},
		{"a pair of TIPC sockets", unix.SYS_SOCKETPAIR, [6]uintptr{unix.AF_TIPC, unix.SOCK_STREAM}, unix.EAFNOSUPPORT},
		{"chmod that sets the user id", unix.SYS_FCHMOD, [6]uintptr{badFile, 0o4755}, unix.EPERM},
		{"chmod that sets the group id, high bits set", unix.SYS_FCHMODAT, [6]uintptr{badFile, 0, 0o2755 | highBits}, unix.EPERM},
		{"fchmodat2 that sets both", unix.SYS_FCHMODAT2, [6]uintptr{badFile, 0, 0o6755}, unix.EPERM},
		{"mknod that sets the user id", unix.SYS_MKNODAT, [6]uintptr{badFile, 0, unix.S_IFREG | 0o4755}, unix.EPERM},
		{"open that makes a set-uid file", unix.SYS_OPENAT, [6]uintptr{badFile, 0, unix.O_CREAT | unix.O_WRONLY, 0o4755}, unix.EPERM},
		{"open of a nameless set-uid file", unix.SYS_OPENAT, [6]uintptr{badFile, 0, unix.O_TMPFILE | unix.O_WRONLY, 0o4755}, unix.EPERM},
		{"open that makes nothing", unix.SYS_OPENAT, [6]uintptr{badFile, 0, unix.O_RDONLY, 0o4755}, unix.EFAULT},
		{"chmod without", unix.SYS_FCHMOD, [6]uintptr{badFile, 0o1755}, unix.EBADF},
		{"fallocate", unix.SYS_FALLOCATE, [6]uintptr{badFile, 0, 0, 1}, unix.EOPNOTSUPP},
		{"fallocate beyond the end", unix.SYS_FALLOCATE, [6]uintptr{badFile, unix.FALLOC_FL_KEEP_SIZE, 0, 1}, unix.EOPNOTSUPP},
		{"fallocate of zeroes", unix.SYS_FALLOCATE, [6]uintptr{badFile, unix.FALLOC_FL_ZERO_RANGE, 0, 1}, unix.EOPNOTSUPP},
		{"fallocate that gives back", unix.SYS_FALLOCATE, [6]uintptr{badFile, unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE, 0, 1}, unix.EBADF},
		{"fallocate by its older name", unix.SYS_IOCTL, [6]uintptr{badFile, 0x40305828}, unix.EOPNOTSUPP},
		{"its 64-bit form, high bits set", unix.SYS_IOCTL, [6]uintptr{badFile, 0x4030582a | highBits}, unix.EOPNOTSUPP},
		{"zeroes by an ioctl", unix.SYS_IOCTL, [6]uintptr{badFile, 0x40305839}, unix.EOPNOTSUPP},
		{"XFS's own", unix.SYS_IOCTL, [6]uintptr{badFile, 0x40305824}, unix.EOPNOTSUPP},
		{"giving back by an ioctl", unix.SYS_IOCTL, [6]uintptr{badFile, 0x4030582b}, unix.EBADF},
		{"a snapshot on btrfs", unix.SYS_IOCTL, [6]uintptr{badFile, 0x50009401}, unix.ENOTTY},
		{"a read-only snapshot on btrfs", unix.SYS_IOCTL, [6]uintptr{badFile, 0x50009417 | highBits}, unix.ENOTTY},
		{"a snapshot on bcachefs", unix.SYS_IOCTL, [6]uintptr{badFile, 0x4020bc10}, unix.ENOTTY},
		{"a copy that shares its blocks", unix.SYS_IOCTL, [6]uintptr{badFile, unix.FICLONE}, unix.EBADF},
		{"a part of one", unix.SYS_IOCTL, [6]uintptr{badFile, unix.FICLONERANGE}, unix.EBADF},
		{"openat2", unix.SYS_OPENAT2, [6]uintptr{}, unix.ENOSYS},
		{"a line discipline", unix.SYS_IOCTL, [6]uintptr{0, unix.TIOCSETD}, unix.EPERM},
		{"a change of security context", unix.SYS_LSM_SET_SELF_ATTR, [6]uintptr{}, unix.EPERM},
		{"sendto that connects", unix.SYS_SENDTO, [6]uintptr{0, 0, 0, unix.MSG_FASTOPEN}, unix.EOPNOTSUPP},
		{"sendmsg that connects", unix.SYS_SENDMSG, [6]uintptr{0, 0, unix.MSG_FASTOPEN}, unix.EOPNOTSUPP},
		{"sendmmsg that connects", unix.SYS_SENDMMSG, [6]uintptr{0, 0, 0, unix.MSG_FASTOPEN}, unix.EOPNOTSUPP},
		{"kill init", unix.SYS_KILL, [6]uintptr{1, uintptr(unix.SIGKILL)}, unix.EPERM},
		{"capset to what is gone", unix.SYS_PRCTL, [6]uintptr{unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, unix.CAP_SYS_ADMIN}, unix.EPERM},
		{"set-uid bits again", unix.SYS_PRCTL, [6]uintptr{unix.PR_SET_SECUREBITS, 0}, unix.EPERM},
	}
	for _, f := range []uintptr{unix.CLONE_NEWUSER, unix.CLONE_NEWNS, unix.CLONE_NEWPID, unix.CLONE_NEWNET, unix.CLONE_NEWIPC, unix.CLONE_NEWUTS, unix.CLONE_NEWCGROUP} {
		all = append(all, call{fmt.Sprintf("clone with %#x", f), unix.SYS_CLONE, [6]uintptr{f | uintptr(unix.SIGCHLD)}, unix.EPERM})
	}
	for f := uintptr(0); f <= 45; f++ {
		switch f {
		case unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK:
		default:
			all = append(all, call{fmt.Sprintf("socket family %d", f), unix.SYS_SOCKET, [6]uintptr{f, unix.SOCK_STREAM}, unix.EAFNOSUPPORT})
		}
	}
	return all
}

// datagrams is how unix datagram sockets are answered: they exist where Landlock
// keeps them from those of the host.
func datagrams() unix.Errno {
	const version = 1 // LANDLOCK_CREATE_RULESET_VERSION
	if abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, version); errno == 0 && abi >= 9 {
		return 0
	}
	return unix.ESOCKTNOSUPPORT
}

// probe is what the test binary does inside; it prints one line per call that
// is not answered as it must be.
func probe(args []string) int {
	switch args[0] {
	case "allocate":
		return probeAllocate(args[1])
	case "bomb":
		probeBomb()
	case "calls":
		return probeCalls()
	case "compat":
		return compat()
	case "listener":
		return probeListener()
	case "memory":
		return probeMemory(args[1])
	case "ports":
		return probePorts()
	case "leaderless":
		return probeLeaderless()
	case "refused":
		return probeRefused(args[1], args[2])
	}
	return 2
}

// probeLeaderless ends its first thread and spins on others: the process then
// shows as a zombie.
func probeLeaderless() int {
	for {
		tid := unix.Gettid()
		go func() {
			runtime.LockOSThread()
			for unix.Gettid() != unix.Getpid() {
			}
			unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
		}()
		for tid == unix.Gettid() {
			runtime.Gosched()
		}
	}
}

// probeAllocate maps so many MiB.
func probeAllocate(mebibytes string) int {
	n, err := strconv.Atoi(mebibytes)
	if err != nil {
		return 2
	}
	_, err = unix.Mmap(-1, 0, n<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	fmt.Println(err)
	if err != nil {
		return 1
	}
	return 0
}

// probeBomb forks for ever, and so does each of its children. A forked Go
// program has one thread and no runtime; system calls are all it can make.
func probeBomb() {
	for {
		if _, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0); errno != 0 {
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}
}

func probeCalls() int {
	wrong := 0
	for _, c := range calls() {
		_, _, got := unix.Syscall6(c.number, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
		if got != c.want {
			fmt.Printf("%s: got %v, want %v\n", c.name, got, c.want)
			wrong++
		}
	}
	fmt.Println(len(calls()), "calls")
	return min(wrong, 1)
}

// probeListener asks for a seccomp listener of its own: there is one already.
func probeListener() int {
	runtime.LockOSThread()
	allowAll := []unix.SockFilter{{Code: unix.BPF_RET, K: 0x7fff0000}}
	p := unix.SockFprog{Len: 1, Filter: &allowAll[0]}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(&p)))
	fmt.Println(errno)
	return 0
}

// probeMemory tries to write into the memory of another process.
func probeMemory(pid string) int {
	f, err := os.OpenFile("/proc/"+pid+"/mem", os.O_RDWR, 0)
	if err == nil {
		f.Close()
	}
	fmt.Println(err)
	return 0
}

// probeRefused sends one datagram and reports how long the refusal took.
func probeRefused(network, address string) int {
	took, err := sendOne(network, address)
	fmt.Println(err)
	if took > 1000 {
		fmt.Println("took " + strconv.FormatInt(took, 10) + " ms")
		return 1
	}
	return 0
}

// probePorts tries to bind what the supervisor listens on.
func probePorts() int {
	v4, v6 := [4]byte{127, 0, 0, 1}, [16]byte{15: 1}
	taken := 0
	for _, p := range []struct {
		family, kind int
		at           unix.Sockaddr
	}{
		{unix.AF_INET, unix.SOCK_STREAM, &unix.SockaddrInet4{Port: 15001, Addr: v4}},
		{unix.AF_INET, unix.SOCK_STREAM, &unix.SockaddrInet4{Port: 15001}},
		{unix.AF_INET, unix.SOCK_STREAM, &unix.SockaddrInet4{Port: 3128, Addr: v4}},
		{unix.AF_INET6, unix.SOCK_STREAM, &unix.SockaddrInet6{Port: 15001, Addr: v6}},
		{unix.AF_INET, unix.SOCK_DGRAM, &unix.SockaddrInet4{Port: 53, Addr: v4}},
	} {
		for _, option := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
			fd, err := unix.Socket(p.family, p.kind, 0)
			if err != nil {
				return 2
			}
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 1)
			err = unix.Bind(fd, p.at)
			if err == nil && p.kind == unix.SOCK_STREAM {
				err = unix.Listen(fd, 1)
			}
			if err == nil {
				fmt.Printf("took %v with option %d\n", p.at, option)
				taken++
			}
		}
	}
	return min(taken, 1)
}
