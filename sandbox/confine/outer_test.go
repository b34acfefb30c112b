package confine_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
)

// outer is a supervisor in a process of its own, in surroundings that tests
// choose by name. It prints the outcome of Start and, where it started, waits
// with a program running.
func outer(surroundings string) int {
	if err := surround(surroundings); err != nil {
		fmt.Println("cannot make the surroundings:", err)
		return 1
	}
	b, err := confine.Start(context.Background(), system(quiet{}))
	if err != nil {
		fmt.Println(err)
		if hinted, ok := err.(interface{ Hint() string }); ok {
			fmt.Println("hint:", hinted.Hint())
		}
		return 1
	}
	go continueAll(int(b.Notify.Fd()))
	if err := b.Go(); err != nil {
		return 1
	}
	if os.Args[3] == "less" {
		return less(b)
	}
	if _, err := b.Exec(confine.ExecSpec{Argv: []string{"sh", "-c", "while :; do sleep 0.01; done # " + os.Args[3]}, Env: environment()}); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("started", b.PID)
	select {}
}

// less reports of a sandbox that lacks something, and whether a program in it
// still gets through to who listens for it.
func less(b *confine.Box) int {
	at := b.Sockets.TCP4
	if b.NoRedirect() != "" {
		for _, port := range []int{22, 443} {
			all, err := b.OpenPort(port)
			if err != nil {
				fmt.Println(err)
				return 1
			}
			at = all[0]
		}
	}
	go func() {
		if c, err := at.Accept(); err == nil {
			c.Write([]byte("hello"))
			c.Close()
		}
	}()
	if b.Notify != nil {
		go continueAll(int(b.Notify.Fd()))
	}
	out, _ := run(quiet{}, b, "bash", "-c", "cat </dev/tcp/203.0.113.9/443")
	fmt.Println("out", out)
	fmt.Println("connects", out == "hello")
	all, err := b.Isolation()
	for _, m := range all {
		fmt.Println(m.Name, m.State, m.Detail)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// quiet is a testing.TB outside of a test.
type quiet struct{ testing.TB }

func (quiet) Helper()                   {}
func (quiet) Cleanup(func())            {}
func (quiet) Fatalf(f string, a ...any) { fmt.Printf(f, a...); os.Exit(1) }
func (quiet) Fatal(a ...any)            { fmt.Println(a...); os.Exit(1) }

func surround(name string) error {
	const netfilter, listener = unix.NETLINK_NETFILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	switch name {
	case "no user namespaces":
		return os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0)
	case "not dumpable":
		return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	case "no nf_tables":
		return without(unix.SYS_SOCKET, 2, unix.BPF_JEQ, netfilter, unix.EPROTONOSUPPORT)
	case "no seccomp notification":
		return without(unix.SYS_SECCOMP, 1, unix.BPF_JSET, listener, unix.EINVAL)
	case "a listener outside":
		return without(unix.SYS_SECCOMP, 1, unix.BPF_JSET, listener, unix.EBUSY)
	case "no seccomp filter":
		return without(unix.SYS_SECCOMP, 0, unix.BPF_JEQ, unix.SECCOMP_SET_MODE_FILTER, unix.EINVAL)
	case "masked proc":
		return unix.Mount("/dev/null", "/proc/uptime", "", unix.MS_BIND, "")
	}
	return nil
}

// without makes a kernel that lacks something: one call, where an argument
// compares to value, fails with errno.
func without(number, argument, compare, value uint32, errno unix.Errno) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	code := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16 + 8*argument},
		{Code: uint16(unix.BPF_JMP | compare | unix.BPF_K), K: value, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x00050000 | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000},
	}
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	const everyThread = unix.SECCOMP_FILTER_FLAG_TSYNC
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, everyThread, uintptr(unsafe.Pointer(&p))); e != 0 {
		return e
	}
	return nil
}

// surrounded is the command of an outer supervisor, as an ordinary user who has
// in a user namespace of its own what it takes to make the surroundings.
func surrounded(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid, gid = ordinary, ordinary
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "outer", name, "")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_RESOURCE},
		Pdeathsig:   syscall.SIGKILL,
	}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: true}
	}
	return cmd
}

// Each thing a host can lack is one sentence and what to do about it.
func TestHosts(t *testing.T) {
	for _, c := range []struct{ surroundings, says, hint string }{
		{"no user namespaces", "user namespaces are switched off (user.max_user_namespaces is 0)", "hint: sudo sysctl -w user.max_user_namespaces="},
		{"not dumpable", "this process is not dumpable", ""},
		{"no seccomp filter", "this kernel takes no seccomp filter", "hint: use a kernel with CONFIG_SECCOMP_FILTER"},
		{"masked proc", "a fresh /proc is not permitted", "hint: docker run --security-opt systempaths=unconfined"},
	} {
		t.Run(c.surroundings, func(t *testing.T) {
			out, err := surrounded(t, c.surroundings).Output()
			if err == nil || !strings.Contains(string(out), c.says) || !strings.Contains(string(out), c.hint) {
				t.Errorf("got %v, %q; want ...%q...%q", err, out, c.says, c.hint)
			}
		})
	}
}

// What a sandbox can do without is not hidden: the kernel's listener, whose
// filter then lets connect through, and the redirect, for which a listener for
// each port stands in.
func TestLess(t *testing.T) {
	for _, c := range []struct{ surroundings, want string }{
		{"no seccomp notification", "connect notification off this kernel gives no seccomp listener (invalid argument)"},
		{"a listener outside", "connect notification off a seccomp filter around this process has the one listener there can be"},
		{"no nf_tables", "redirect partial listener per port, 2 ports; other ports are refused and not recorded (nf_conntrack_netlink: protocol not supported)"},
	} {
		t.Run(c.surroundings, func(t *testing.T) {
			cmd := surrounded(t, c.surroundings)
			cmd.Args[3] = "less"
			out, err := cmd.Output()
			if err != nil || !strings.Contains(string(out), c.want) || !strings.Contains(string(out), "\nconnects true\n") || !strings.Contains(string(out), "\nseccomp on mode 2") {
				t.Errorf("got %v, %q; want ...%q, and a program that connects", err, out, c.want)
			}
		})
	}
}

// A sandbox in a sandbox: the outer one's filter forbids it, as Docker's does.
func TestNested(t *testing.T) {
	b := start(t, basic(t))
	out, code := run(t, b, inside, "outer", "nested", "")
	if want := "a seccomp filter around this process forbids user namespaces"; code != 1 || !strings.Contains(out, want) {
		t.Errorf("status %d, %q, want 1, ...%q", code, out, want)
	}
}
