package cmd_test

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refusal is a system call that fails: always, or where an argument compares.
type refusal struct {
	number   uint32
	argument uint32
	compare  uint32 // BPF_JEQ, BPF_JSET; 0 is always
	value    uint32
	errno    unix.Errno
}

// calls are the things whose lack is the lack of system calls.
func calls() map[string][]refusal {
	clone := func(flag uint32, errno unix.Errno) []refusal {
		return []refusal{{unix.SYS_CLONE, 0, unix.BPF_JSET, flag, errno}, {unix.SYS_UNSHARE, 0, unix.BPF_JSET, flag, errno}, {number: unix.SYS_CLONE3, errno: unix.ENOSYS}}
	}
	return map[string][]refusal{
		"nf_tables":      {{unix.SYS_SOCKET, 2, unix.BPF_JEQ, unix.NETLINK_NETFILTER, unix.EPROTONOSUPPORT}},
		"old-listener":   {{unix.SYS_SECCOMP, 1, unix.BPF_JSET, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, unix.EINVAL}},
		"wait-killable":  {{unix.SYS_SECCOMP, 1, unix.BPF_JSET, unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, unix.EINVAL}},
		"seccomp":        {{number: unix.SYS_SECCOMP, errno: unix.ENOSYS}},
		"landlock":       {{number: unix.SYS_LANDLOCK_CREATE_RULESET, errno: unix.ENOSYS}},
		"landlock-boot":  {{number: unix.SYS_LANDLOCK_CREATE_RULESET, errno: unix.EOPNOTSUPP}},
		"userns-seccomp": clone(unix.CLONE_NEWUSER, unix.EPERM),
		"pidns-kernel":   clone(unix.CLONE_NEWPID, unix.EINVAL),
		"fsopen":         {{number: unix.SYS_FSOPEN, errno: unix.ENOSYS}},
		"close_range":    {{number: unix.SYS_CLOSE_RANGE, errno: unix.ENOSYS}},
		"pidfd_open":     {{number: unix.SYS_PIDFD_OPEN, errno: unix.ENOSYS}},
		"openat2":        {{number: unix.SYS_OPENAT2, errno: unix.ENOSYS}},
		"keyctl":         {{number: unix.SYS_KEYCTL, errno: unix.EPERM}},
		"open_tree":      {{number: unix.SYS_OPEN_TREE, errno: unix.ENOSYS}},
		"mount-seccomp":  {{number: unix.SYS_OPEN_TREE, errno: unix.EPERM}},
		"mount_setattr":  {{number: unix.SYS_MOUNT_SETATTR, errno: unix.ENOSYS}},
		"sync-wake-up":   {{unix.SYS_IOCTL, 1, unix.BPF_JEQ, 0x40082104, unix.EINVAL}}, // SECCOMP_IOCTL_NOTIF_SET_FLAGS
		"ipv6":           {{unix.SYS_SOCKET, 0, unix.BPF_JEQ, unix.AF_INET6, unix.EAFNOSUPPORT}},
	}
}

// filtered executes a program under a filter that refuses calls, on all threads.
func filtered(refused []refusal, flags uintptr, argv []string) error {
	if _, err := install(refused, flags|unix.SECCOMP_FILTER_FLAG_TSYNC); err != nil {
		return err
	}
	return execute(argv)
}

func install(refused []refusal, flags uintptr) (int, error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	var code []unix.SockFilter
	for _, c := range refused {
		code = append(code, c.instructions()...)
	}
	code = append(code, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000})
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&p)))
	if errno != 0 {
		return 0, fmt.Errorf("seccomp: %w", errno)
	}
	return int(fd), nil
}

func (c refusal) instructions() []unix.SockFilter {
	answer := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0x00050000 | uint32(c.errno)}
	number := unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}
	if c.compare == 0 {
		return []unix.SockFilter{number, {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: c.number, Jf: 1}, answer}
	}
	return []unix.SockFilter{
		number,
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: c.number, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16 + 8*c.argument},
		{Code: uint16(unix.BPF_JMP | c.compare | unix.BPF_K), K: c.value, Jf: 1},
		answer,
	}
}
