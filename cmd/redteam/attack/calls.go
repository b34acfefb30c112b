package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// calls tries what reaches past a process or into the kernel, each with
// arguments that would otherwise be refused later than by a filter.
func calls([]string) {
	for _, c := range []struct {
		name   string
		number uintptr
		arg    uintptr
	}{
		{"io_uring_setup", unix.SYS_IO_URING_SETUP, 8},
		{"io_uring_enter", unix.SYS_IO_URING_ENTER, 0},
		{"io_uring_register", unix.SYS_IO_URING_REGISTER, 0},
		{"bpf", unix.SYS_BPF, 5},
		{"perf_event_open", unix.SYS_PERF_EVENT_OPEN, 0},
		{"userfaultfd", unix.SYS_USERFAULTFD, 1},
		{"keyctl", unix.SYS_KEYCTL, 0},
		{"add_key", unix.SYS_ADD_KEY, 0},
		{"request_key", unix.SYS_REQUEST_KEY, 0},
		{"mount", unix.SYS_MOUNT, 0},
		{"umount2", unix.SYS_UMOUNT2, 0},
		{"pivot_root", unix.SYS_PIVOT_ROOT, 0},
		{"chroot", unix.SYS_CHROOT, 0},
		{"fsopen", unix.SYS_FSOPEN, 0},
		{"fsmount", unix.SYS_FSMOUNT, 0},
		{"fsconfig", unix.SYS_FSCONFIG, 0},
		{"fspick", unix.SYS_FSPICK, 0},
		{"open_tree", unix.SYS_OPEN_TREE, 0},
		{"open_tree_attr", unix.SYS_OPEN_TREE_ATTR, 0},
		{"move_mount", unix.SYS_MOVE_MOUNT, 0},
		{"mount_setattr", unix.SYS_MOUNT_SETATTR, 0},
		{"setns", unix.SYS_SETNS, 0},
		{"pidfd_getfd", unix.SYS_PIDFD_GETFD, 0},
		{"kcmp", unix.SYS_KCMP, 1},
		{"ptrace", unix.SYS_PTRACE, 0},
		{"process_vm_readv", unix.SYS_PROCESS_VM_READV, 1},
		{"process_vm_writev", unix.SYS_PROCESS_VM_WRITEV, 1},
		{"process_madvise", unix.SYS_PROCESS_MADVISE, 0},
		{"personality READ_IMPLIES_EXEC", unix.SYS_PERSONALITY, 0x0400000},
		{"personality ADDR_NO_RANDOMIZE", unix.SYS_PERSONALITY, 0x0040000},
		{"kexec_load", unix.SYS_KEXEC_LOAD, 0},
		{"init_module", unix.SYS_INIT_MODULE, 0},
		{"finit_module", unix.SYS_FINIT_MODULE, 0},
		{"delete_module", unix.SYS_DELETE_MODULE, 0},
		{"reboot", unix.SYS_REBOOT, 0},
		{"swapon", unix.SYS_SWAPON, 0},
		{"acct", unix.SYS_ACCT, 0},
		{"syslog", unix.SYS_SYSLOG, 3},
		{"quotactl", unix.SYS_QUOTACTL, 0},
		{"settimeofday", unix.SYS_SETTIMEOFDAY, 0},
		{"clock_settime", unix.SYS_CLOCK_SETTIME, 0},
		{"clock_adjtime", unix.SYS_CLOCK_ADJTIME, 0},
		{"adjtimex", unix.SYS_ADJTIMEX, 0},
		{"open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT, 0},
		{"fanotify_init", unix.SYS_FANOTIFY_INIT, 0},
		{"vhangup", unix.SYS_VHANGUP, 0},
		{"prctl PR_SET_MM", unix.SYS_PRCTL, unix.PR_SET_MM},
		{"openat2", unix.SYS_OPENAT2, 0},
		{"lsm_set_self_attr", unix.SYS_LSM_SET_SELF_ATTR, 0},
		{"move_pages", unix.SYS_MOVE_PAGES, 1},
		{"mbind", unix.SYS_MBIND, 0},
	} {
		_, _, errno := unix.Syscall6(c.number, c.arg, 0, 0, 0, 0, 0)
		barred(c.name, errno)
	}
}

// lastKnown is the highest number that the sandbox's authors have looked at;
// what a newer kernel adds behind it nobody has.
const lastKnown = 471

// numbers tries every number that nobody has reviewed, and those of x32, whose
// table is another one (__X32_SYSCALL_BIT).
func numbers([]string) {
	reached := 0
	try := func(number uintptr) {
		if _, _, errno := unix.Syscall6(number, 0, 0, 0, 0, 0, 0); errno != unix.ENOSYS {
			fmt.Printf("system call %#x: REACHED THE KERNEL (%v)\n", number, errno)
			reached++
		}
	}
	for n := uintptr(lastKnown + 1); n < 1<<12; n++ {
		try(n)
	}
	for n := uintptr(0); n < 600; n++ {
		try(0x40000000 | n)
	}
	try(^uintptr(0))
	fmt.Printf("%d numbers got past ENOSYS\n", reached)
}

// namespaces tries each of them by each of the three calls.
func namespaces([]string) {
	for name, flag := range map[string]uintptr{
		"user": unix.CLONE_NEWUSER, "mnt": unix.CLONE_NEWNS, "pid": unix.CLONE_NEWPID, "net": unix.CLONE_NEWNET,
		"ipc": unix.CLONE_NEWIPC, "uts": unix.CLONE_NEWUTS, "cgroup": unix.CLONE_NEWCGROUP, "time": unix.CLONE_NEWTIME,
	} {
		_, _, errno := unix.RawSyscall(unix.SYS_UNSHARE, flag, 0, 0)
		barred("unshare "+name, errno)
		_, _, errno = unix.RawSyscall(unix.SYS_UNSHARE, flag|1<<32|unix.CLONE_FS, 0, 0)
		barred("unshare with more bits "+name, errno)
		if flag != unix.CLONE_NEWTIME { // in clone(2) its bit is part of the exit signal
			clone(name, flag)
		}
	}
	_, _, errno := unix.RawSyscall(unix.SYS_CLONE3, 0, 0, 0)
	barred("clone3", errno)
}

// clone makes the child a copy of the parent's address space that ends at once.
func clone(name string, flag uintptr) {
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, flag|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if pid == 0 && errno == 0 {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	barred("clone "+name, errno)
}
