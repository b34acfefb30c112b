package confine

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"exeat/sandbox/reexec"
)

// namespaces are all those in which a sandbox is alone.
const namespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
	unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// initCaps survive the exec of init as ambient capabilities: without them its
// non-zero uid would lose all at exec (capabilities(7)). Each has one use: the
// bounding set; binding port 53; the network; mounts; the namespace limits.
func initCaps() []uintptr {
	return []uintptr{unix.CAP_SETPCAP, unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_ADMIN, unix.CAP_SYS_ADMIN, unix.CAP_SYS_RESOURCE}
}

// initEnv is init's own environment: two threads do, and a process that lives
// on a few messages a minute need not collect before it has grown.
func initEnv() []string { return []string{"GOMAXPROCS=2", "GOGC=off", "GOMEMLIMIT=64MiB"} }

func attr(ids IDs) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{
		Cloneflags:  namespaces,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: ids.UID, HostID: ids.HostUID, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: ids.GID, HostID: ids.HostGID, Size: 1}},
		AmbientCaps: initCaps(),
		Pdeathsig:   syscall.SIGKILL,
	}
	if os.Geteuid() == 0 {
		a.Credential = &syscall.Credential{Uid: uint32(ids.UID), Gid: uint32(ids.GID), NoSetGroups: true}
	}
	return a
}

// launched is the outcome of a clone.
type launched struct {
	process *os.Process
	pidfd   *os.File
	err     error
}

// launch clones init and waits for its end. It keeps one OS thread for all that
// time: the parent-death signal is sent when the cloning *thread* ends
// (PR_SET_PDEATHSIG(2const)).
func (b *Box) launch(cmd reexec.Command, result chan<- launched) {
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	defer close(b.ended)
	if err := dropGroups(); err != nil {
		result <- launched{err: err}
		return
	}
	p, err := cmd.Start()
	if err != nil {
		result <- launched{err: err}
		return
	}
	fd, err := unix.PidfdOpen(p.Pid, 0)
	if err != nil {
		p.Kill()
		p.Wait()
		result <- launched{err: os.NewSyscallError("pidfd_open", err)}
		return
	}
	result <- launched{process: p, pidfd: os.NewFile(uintptr(fd), "init")}
	b.state, _ = p.Wait()
}

// dropGroups gives up root's supplementary groups, on this thread alone, before
// a sandbox inherits them: group 0 still opens what is 0640 root:root. An
// ordinary user cannot, and keeps them; the mount namespace hides what they open.
func dropGroups() error {
	if os.Geteuid() != 0 {
		return nil
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); errno != 0 {
		return &StartError{
			Step: "give up root's groups", Errno: errno, Message: errno.Error(),
			Advice: "run as an ordinary user, or give this container CAP_SETGID",
		}
	}
	return nil
}

// kill ends init, if it has not ended.
func (b *Box) kill() {
	if b.PIDFD != nil {
		unix.PidfdSendSignal(int(b.PIDFD.Fd()), unix.SIGKILL, nil, 0)
	}
}

// worstScore makes a process the first to go when the machine is out of memory.
const worstScore = "1000"

// offer lets the kernel take the sandbox's programs before anyone else's. Only
// what root sets here cannot be lowered again inside (proc_pid_oom_score_adj(5)).
func (b *Box) offer() error {
	err := os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", b.PID), []byte(worstScore), 0)
	if err != nil && !b.hasEnded() {
		b.End()
		return fmt.Errorf("give the sandbox's memory up first: %w", err)
	}
	return nil
}
