package confine

import "golang.org/x/sys/unix"

// lastReviewed is the highest system call number someone has looked at. Later
// ones answer ENOSYS until then, for which programs are prepared. The numbers
// above 423 are the same on every architecture.
const lastReviewed = 471 // rseq_slice_yield

func errno(e unix.Errno) uint32 { return refuse | uint32(e) }

// choice is what the rules depend on.
type choice struct {
	// landlockABI is 0 without Landlock.
	landlockABI int
	hold        []Hold
}

// rules is everything the filter refuses, and what it holds: connect(2), to know who connects,
// exit_group(2), to know whom the children of an ended process descend from, and what the spec names.
func rules(c choice) []rule {
	all := []rule{
		{number: unix.SYS_CONNECT, answer: unix.SECCOMP_RET_USER_NOTIF},
		{number: unix.SYS_EXIT_GROUP, answer: unix.SECCOMP_RET_USER_NOTIF},
	}
	all = append(all, deny(unix.EPERM, outOfReach()...)...)
	all = append(all, deny(unix.EPERM, archForbidden()...)...)
	all = append(all, deny(unix.ENOSYS, absent()...)...)
	all = append(all, cloneRules()...)
	all = append(all, socketRules()...)
	all = append(all, datagramRules(c.landlockABI)...)
	all = append(all, setIDRules()...)
	all = append(all, allocationRules()...)
	all = append(all, volumeRules()...)
	all = append(all, argumentRules()...)
	return append(all, holdRules(c.hold)...)
}

// holdRules come last: what is refused anyway is not held.
func holdRules(hold []Hold) []rule {
	var all []rule
	for _, h := range hold {
		r := rule{number: h.Number, answer: unix.SECCOMP_RET_USER_NOTIF}
		if h.Mask != 0 {
			r.tests = []test{{arg: h.Arg, mask: h.Mask, val: 0, not: true}}
		}
		all = append(all, r)
	}
	return all
}

func deny(e unix.Errno, numbers ...uint32) []rule {
	var all []rule
	for _, n := range numbers {
		all = append(all, rule{number: n, answer: errno(e)})
	}
	return all
}

// outOfReach are refused whatever their arguments: they change mounts and
// namespaces, reach into other processes, load code into the kernel, or act on
// the whole host.
func outOfReach() []uint32 {
	return []uint32{
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_OPEN_TREE, unix.SYS_OPEN_TREE_ATTR,
		unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
		unix.SYS_SETNS, unix.SYS_LSM_SET_SELF_ATTR,
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP,
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
		unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
		unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_REBOOT,
		unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_SYSLOG, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_NFSSERVCTL,
		unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX,
		unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_VHANGUP, unix.SYS_FANOTIFY_INIT,
		unix.SYS_MOVE_PAGES, unix.SYS_MIGRATE_PAGES, unix.SYS_MBIND, unix.SYS_SET_MEMPOLICY,
	}
}

// absent answer as on a kernel without them, so that programs fall back:
// io_uring connects and opens without a system call that a filter sees, and the
// flags of clone3 and the mode of openat2 lie in memory, which a filter cannot
// read.
func absent() []uint32 {
	return []uint32{unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_CLONE3, unix.SYS_LISTNS, unix.SYS_OPENAT2}
}

// cloneRules refuse every namespace. clone(2) has no CLONE_NEWTIME: its bit is
// part of the exit signal there.
func cloneRules() []rule {
	var all []rule
	for _, bit := range []uint32{
		unix.CLONE_NEWUSER, unix.CLONE_NEWNS, unix.CLONE_NEWPID, unix.CLONE_NEWNET,
		unix.CLONE_NEWIPC, unix.CLONE_NEWUTS, unix.CLONE_NEWCGROUP,
	} {
		set := []test{{arg: 0, mask: bit, val: bit}}
		all = append(all, rule{unix.SYS_CLONE, set, errno(unix.EPERM)}, rule{unix.SYS_UNSHARE, set, errno(unix.EPERM)})
	}
	newTime := []test{{arg: 0, mask: unix.CLONE_NEWTIME, val: unix.CLONE_NEWTIME}}
	return append(all, rule{unix.SYS_UNSHARE, newTime, errno(unix.EPERM)})
}

// typeMask are the bits of socket(2)'s type that are not flags.
const typeMask = 0xf

// socketRules leave unix sockets, TCP, UDP, and the netlink of routes, which
// getaddrinfo(3) needs. Other protocols of IP would pass by the redirect (SCTP,
// raw) or have no cookie that says who connected (MPTCP, SMC).
func socketRules() []rule {
	family := func(f uint32) test { return test{arg: 0, val: f} }
	all := []rule{
		{unix.SYS_SOCKET, []test{
			{arg: 0, val: unix.AF_UNIX, not: true},
			{arg: 0, val: unix.AF_INET, not: true},
			{arg: 0, val: unix.AF_INET6, not: true},
			{arg: 0, val: unix.AF_NETLINK, not: true},
		}, errno(unix.EAFNOSUPPORT)},
		{unix.SYS_SOCKETPAIR, []test{{arg: 0, val: unix.AF_UNIX, not: true}}, errno(unix.EAFNOSUPPORT)}, // TIPC has pairs too
		{unix.SYS_SOCKET, []test{family(unix.AF_NETLINK), {arg: 2, val: unix.NETLINK_ROUTE, not: true}}, errno(unix.EPROTONOSUPPORT)},
	}
	for _, f := range []uint32{unix.AF_INET, unix.AF_INET6} {
		all = append(all,
			rule{unix.SYS_SOCKET, []test{family(f), {arg: 1, mask: typeMask, val: unix.SOCK_RAW}}, errno(unix.EPERM)},
			rule{unix.SYS_SOCKET, []test{
				family(f),
				{arg: 1, mask: typeMask, val: unix.SOCK_STREAM, not: true},
				{arg: 1, mask: typeMask, val: unix.SOCK_DGRAM, not: true},
			}, errno(unix.ESOCKTNOSUPPORT)},
			rule{unix.SYS_SOCKET, []test{
				family(f),
				{arg: 2, val: 0, not: true},
				{arg: 2, val: unix.IPPROTO_TCP, not: true},
				{arg: 2, val: unix.IPPROTO_UDP, not: true},
			}, errno(unix.EPROTONOSUPPORT)})
	}
	return append(all, fastOpenRules()...)
}

// resolveUnix is the Landlock ABI from which the kernel itself refuses unix
// sockets from outside (LANDLOCK_ACCESS_FS_RESOLVE_UNIX).
const resolveUnix = 9

// datagramRules: a datagram goes to the path in each sendto(2) and sendmsg(2),
// without a connect(2) that anyone sees, also from one end of a pair; and of
// AF_UNIX, SOCK_RAW is another name of SOCK_DGRAM. Streams and sequenced packets
// go nowhere without connect.
func datagramRules(landlockABI int) []rule {
	if landlockABI >= resolveUnix {
		return nil
	}
	var all []rule
	for _, number := range []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR} {
		for _, kind := range []uint32{unix.SOCK_DGRAM, unix.SOCK_RAW} {
			tests := []test{{arg: 0, val: unix.AF_UNIX}, {arg: 1, mask: typeMask, val: kind}}
			all = append(all, rule{number, tests, errno(unix.ESOCKTNOSUPPORT)})
		}
	}
	return all
}

// fastOpenRules: MSG_FASTOPEN connects without connect(2), so nobody would know
// who did. Programs fall back to connect.
func fastOpenRules() []rule {
	set := func(arg uint32) []test {
		return []test{{arg: arg, mask: unix.MSG_FASTOPEN, val: unix.MSG_FASTOPEN}}
	}
	e := errno(unix.EOPNOTSUPP)
	return []rule{{unix.SYS_SENDTO, set(3), e}, {unix.SYS_SENDMSG, set(2), e}, {unix.SYS_SENDMMSG, set(3), e}}
}

// argumentRules refuse some uses of calls that are otherwise needed: typing
// into a terminal (TIOCSTI, and TIOCLINUX's paste), loading a line discipline
// into the kernel (TIOCSETD), changing what /proc/PID/exe says (PR_SET_MM),
// personalities that make all memory executable, and limits of another process:
// a second of CPU for init (RLIMIT_CPU) was a way to kill it.
func argumentRules() []rule {
	const tioclinux = 0x541c
	return []rule{
		{unix.SYS_IOCTL, []test{{arg: 1, val: unix.TIOCSTI}}, errno(unix.EPERM)},
		{unix.SYS_IOCTL, []test{{arg: 1, val: tioclinux}}, errno(unix.EPERM)},
		{unix.SYS_IOCTL, []test{{arg: 1, val: unix.TIOCSETD}}, errno(unix.EPERM)},
		{unix.SYS_PRCTL, []test{{arg: 0, val: unix.PR_SET_MM}}, errno(unix.EPERM)},
		{unix.SYS_PRLIMIT64, []test{{arg: 0, val: 0, not: true}}, errno(unix.EPERM)},
		{unix.SYS_PERSONALITY, []test{{arg: 0, val: 0, not: true}, {arg: 0, val: 0xffffffff, not: true}}, errno(unix.EPERM)},
	}
}
