package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// againstInit tries to end, stop or look into the process that everything in the sandbox hangs on.
func againstInit([]string) {
	for _, sig := range []unix.Signal{unix.SIGKILL, unix.SIGSTOP, unix.SIGTERM, unix.SIGSEGV} {
		tried("kill "+sig.String(), unix.Kill(1, sig))
		tried("tgkill "+sig.String(), unix.Tgkill(1, 1, sig))
	}
	if fd, err := unix.PidfdOpen(1, 0); err == nil {
		tried("pidfd_send_signal", unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0))
	}
	for _, name := range []string{"mem", "environ", "maps", "stack", "syscall", "auxv", "io"} {
		tried("read /proc/1/"+name, readable("/proc/1/"+name))
	}
	for _, name := range []string{"exe", "cwd", "root", "fd/0", "fd/3", "ns/net", "ns/user", "ns/mnt"} {
		tried("open /proc/1/"+name, opens("/proc/1/"+name, unix.O_RDONLY))
	}
	tried("write /proc/1/oom_score_adj", opens("/proc/1/oom_score_adj", unix.O_WRONLY))
	tried("write /proc/1/mem", opens("/proc/1/mem", unix.O_RDWR))
}

func opens(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func readable(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, make([]byte, 64))
	if err == nil && n == 0 {
		return unix.ENODATA // a file that says nothing
	}
	return err
}

// invade tries to change a program that the policy may trust: one it has started itself.
func invade(args []string) {
	victim := exec.Command(args[0], args[1:]...)
	if err := victim.Start(); err != nil {
		tried("start the victim", err)
		return
	}
	defer victim.Process.Kill()
	pid := victim.Process.Pid
	tried("PTRACE_ATTACH", unix.PtraceAttach(pid))
	tried("PTRACE_SEIZE", unix.PtraceSeize(pid))
	word := make([]byte, 8)
	local := []unix.Iovec{{Base: &word[0], Len: 8}}
	remote := []unix.RemoteIovec{{Base: 0x400000, Len: 8}}
	_, err := unix.ProcessVMReadv(pid, local, remote, 0)
	tried("process_vm_readv", err)
	_, err = unix.ProcessVMWritev(pid, local, remote, 0)
	tried("process_vm_writev", err)
	tried("write /proc/PID/mem", opens(fmt.Sprintf("/proc/%d/mem", pid), unix.O_RDWR))
	if fd, err := unix.PidfdOpen(pid, 0); err == nil {
		_, _, errno := unix.Syscall(unix.SYS_PIDFD_GETFD, uintptr(fd), 0, 0)
		barred("pidfd_getfd", errno)
		_, _, errno = unix.Syscall6(unix.SYS_PROCESS_MADVISE, uintptr(fd), uintptr(unsafe.Pointer(&local[0])), 1, 4, 0, 0)
		barred("process_madvise", errno)
	}
	_, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(pid), uintptr(os.Getpid()), 0, 0, 0, 0)
	barred("kcmp", errno)
}

// becomeRoot tries to become somebody else.
func becomeRoot([]string) {
	_ = os.WriteFile("mine", []byte("mine"), 0o755)
	tried("setuid 0", unix.Setresuid(0, 0, 0))
	tried("setgid 0", unix.Setresgid(0, 0, 0))
	tried("setgroups", unix.Setgroups([]int{0}))
	tried("raise an ambient capability", unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, unix.CAP_SYS_ADMIN, 0, 0))
	tried("securebits", unix.Prctl(unix.PR_SET_SECUREBITS, 0, 0, 0, 0))
	tried("sethostname", unix.Sethostname([]byte("evil")))
	tried("a file capability", unix.Setxattr("mine", "security.capability", []byte("\x01\x00\x00\x02\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00"), 0))
	tried("chmod u+s", unix.Chmod("mine", 0o4755))
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "Cap") || strings.HasPrefix(line, "NoNewPrivs") {
			fmt.Print(line)
		}
	}
}

// typeAhead types into the terminal it runs at, as if its user had.
func typeAhead([]string) {
	letter := byte('x')
	for name, request := range map[string]uintptr{"TIOCSTI": unix.TIOCSTI, "TIOCSTI with high bits": unix.TIOCSTI | 1<<32, "TIOCLINUX": 0x541c, "TIOCSETD": unix.TIOCSETD} {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, 0, request, uintptr(unsafe.Pointer(&letter)))
		barred(name, errno)
	}
}

// sharedMemory looks for System V objects of the host by their key.
func sharedMemory(args []string) {
	key, _ := strconv.Atoi(args[0])
	_, err := unix.SysvShmGet(key, 0, 0)
	tried("shmget", err)
	_, _, errno := unix.Syscall(unix.SYS_MSGGET, uintptr(key), 0, 0)
	tried("msgget", nonzero(errno))
}

func nonzero(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// openFiles lists what was open when this program started, and tries to leave by each directory.
func openFiles([]string) {
	for fd := 3; fd < 1024; fd++ {
		link, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		if err != nil || strings.HasPrefix(link, "anon_inode:[event") {
			continue // the runtime's own poller
		}
		fmt.Printf("descriptor %d: SUCCEEDED, it is %s\n", fd, link)
	}
	fmt.Println("descriptors counted")
}

// memfd runs a copy of a program that has no path.
func memfd(args []string) {
	content, err := os.ReadFile(args[0])
	if err != nil {
		tried("read", err)
		return
	}
	fd, err := unix.MemfdCreate(args[0], 0)
	if err == nil {
		_, err = unix.Write(fd, content)
	}
	if err == nil {
		err = syscall.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), args, os.Environ())
	}
	tried("memfd", err)
}

// forkTwice runs a program whose parents have ended when it starts.
func forkTwice(args []string) {
	if args[0] != "-2" {
		child := exec.Command("/proc/self/exe", append([]string{"fork", "-2", strconv.Itoa(os.Getpid())}, args...)...)
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			tried("start", err)
		}
		return
	}
	for strconv.Itoa(os.Getppid()) == args[1] {
		unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil) // until the parent is gone
	}
	_ = syscall.Exec(args[2], args[2:], os.Environ())
}

// bomb forks until the kernel refuses, at most as often as told, and ends its children.
func bomb(args []string) {
	most, _ := strconv.Atoi(args[0])
	var children []uintptr
	for len(children) < most {
		pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			fmt.Printf("fork: %s after %d children\n", unix.ErrnoName(errno), len(children))
			break
		}
		if pid == 0 {
			for {
				unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0) // pause(2) is not everywhere
			}
		}
		children = append(children, pid)
	}
	if len(children) == most {
		fmt.Printf("%d children: SUCCEEDED\n", most)
	}
	for _, pid := range children {
		unix.RawSyscall(unix.SYS_KILL, pid, uintptr(unix.SIGKILL), 0)
	}
}
