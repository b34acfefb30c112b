package confine

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// What a filter answers (seccomp(2)).
const (
	allow  = 0x7fff0000
	kill   = 0x80000000
	refuse = 0x00050000 // plus the errno
)

// Offsets in struct seccomp_data.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

// test is one condition on an argument: its low 32 bits under mask are (or,
// with not, are not) val. Only the low half counts, because that is all the
// kernel reads of an int: with the high half compared, TIOCSTI|1<<32 passes.
type test struct {
	arg  uint32
	mask uint32 // 0 is all bits
	val  uint32
	not  bool
}

// rule answers one system call when all tests hold.
type rule struct {
	number uint32
	tests  []test
	answer uint32
}

// program makes the filter: another architecture is death, since int 0x80
// would reach everything under other numbers; the x32 numbers and those not
// reviewed yet do not exist; then the rules, first match first.
func program(rules []rule) ([]bpf.RawInstruction, error) {
	p := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		bpf.RetConstant{Val: kill},
		bpf.LoadAbsolute{Off: offNumber, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessOrEqual, Val: lastReviewed, SkipTrue: 1},
		bpf.RetConstant{Val: refuse | uint32(unix.ENOSYS)},
	}
	for _, r := range rules {
		p = append(p, r.instructions()...)
	}
	raw, err := bpf.Assemble(append(p, bpf.RetConstant{Val: allow}))
	if err != nil {
		return nil, fmt.Errorf("assemble the filter: %w", err)
	}
	return raw, nil
}

// instructions expects the system call's number loaded, and leaves it so.
func (r rule) instructions() []bpf.Instruction {
	if len(r.tests) == 0 {
		return []bpf.Instruction{
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: r.number, SkipTrue: 1},
			bpf.RetConstant{Val: r.answer},
		}
	}
	var body []bpf.Instruction
	for _, t := range r.tests {
		body = append(body, bpf.LoadAbsolute{Off: offArgs + 8*t.arg, Size: 4})
		if t.mask != 0 {
			body = append(body, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: t.mask})
		}
		fails := bpf.JumpNotEqual
		if t.not {
			fails = bpf.JumpEqual
		}
		body = append(body, bpf.JumpIf{Cond: fails, Val: t.val})
	}
	body = append(body, bpf.RetConstant{Val: r.answer})
	for i, in := range body {
		if j, ok := in.(bpf.JumpIf); ok {
			j.SkipTrue = uint8(len(body) - 1 - i) // to the reload after the body
			body[i] = j
		}
	}
	whole := []bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: r.number, SkipTrue: uint8(len(body) + 1)}}
	return append(append(whole, body...), bpf.LoadAbsolute{Off: offNumber, Size: 4})
}

// installFilter puts the filter on the calling thread and returns its listener,
// on which each connect(2) waits. Where the kernel gives none, the same filter
// is installed without those rules, and the report says what the kernel answered.
func installFilter(c choice, r *report) (*os.File, error) {
	// WAIT_KILLABLE_RECV (5.19): a signal must not abort a connect that the
	// supervisor has already looked at, or the answer meets nobody.
	const newListener = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	fd, errno, err := install(rules(c), newListener|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
	if errno == unix.EINVAL {
		r.Abortable = true
		fd, errno, err = install(rules(c), newListener)
	}
	if err != nil {
		return nil, err
	}
	if errno == 0 {
		return os.NewFile(uintptr(fd), "seccomp"), nil
	}
	if !slices.Contains(noListener(), errno) {
		return nil, noFilter(errno)
	}
	r.NoListener = errno
	return nil, installUnwatched(c)
}

func installUnwatched(c choice) error {
	_, errno, err := install(unwatched(rules(c)), 0)
	if err == nil && errno != 0 {
		err = noFilter(errno)
	}
	return err
}

// noListener are the answers of a kernel that gives no listener but may take a
// filter: one around us has a listener already, and there is one in a chain
// (EBUSY), or the flag is unknown or refused. What passes, such as a lack of
// memory or of descriptors, is not among them: a moment must not decide what a
// sandbox has for its life.
func noListener() []unix.Errno {
	return []unix.Errno{unix.EBUSY, unix.EINVAL, unix.EPERM, unix.EACCES, unix.ENOSYS, unix.EOPNOTSUPP}
}

// unwatched are the rules that need no listener. Without one, what they would
// report fails with ENOSYS (seccomp(2)).
func unwatched(all []rule) []rule {
	return slices.DeleteFunc(all, func(r rule) bool { return r.answer == unix.SECCOMP_RET_USER_NOTIF })
}

func noFilter(errno unix.Errno) error {
	return &StartError{
		Step: "lock down", Errno: errno,
		Message: fmt.Sprintf("this kernel takes no seccomp filter, which keeps programs from most of its system calls: %v", errno),
		Advice:  "use a kernel with CONFIG_SECCOMP_FILTER, outside of containers that restrict seccomp(2)",
	}
}

// install puts a filter of rules on the calling thread.
func install(rules []rule, flags uintptr) (fd int, errno unix.Errno, err error) {
	raw, err := program(rules)
	if err != nil {
		return -1, 0, err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	fd, errno = seccomp(code, flags)
	return fd, errno, nil
}

func seccomp(code []unix.SockFilter, flags uintptr) (int, unix.Errno) {
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	fd, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&p)))
	runtime.KeepAlive(code)
	return int(fd), errno
}
