package confine

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"exeat/sandbox/reexec"
)

// namespace is a kind of namespace.
type namespace struct {
	name   string // as people say it, and in user.max_NAME_namespaces(5)
	file   string // in /proc/PID/ns
	flag   uintptr
	config string // with which a kernel has it
}

// kinds are all those in which a sandbox is alone.
func kinds() []namespace {
	return []namespace{
		{"user", "user", unix.CLONE_NEWUSER, "CONFIG_USER_NS"},
		{"mount", "mnt", unix.CLONE_NEWNS, "CONFIG_NAMESPACES"},
		{"pid", "pid", unix.CLONE_NEWPID, "CONFIG_PID_NS"},
		{"network", "net", unix.CLONE_NEWNET, "CONFIG_NET_NS"},
		{"ipc", "ipc", unix.CLONE_NEWIPC, "CONFIG_IPC_NS"},
		{"uts", "uts", unix.CLONE_NEWUTS, "CONFIG_UTS_NS"},
		{"cgroup", "cgroup", unix.CLONE_NEWCGROUP, "CONFIG_CGROUPS"},
	}
}

func (n namespace) limit() string { return "user.max_" + n.file + "_namespaces" }

// try makes one namespace, in a user namespace, for a process that is killed at
// once: it is this binary as init, which does nothing without a control socket.
func (n namespace) try(ids IDs) error {
	a := attr(ids)
	a.Cloneflags = unix.CLONE_NEWUSER | n.flag
	p, err := reexec.Command{Role: role, Env: initEnv(), Attr: a}.Start()
	if err != nil {
		return err
	}
	_ = p.Kill()
	_, err = p.Wait()
	return err
}

// refused are the kinds that the kernel refuses with errno. The clone that asked
// for all of them at once could not say which.
func refused(ids IDs, errno syscall.Errno) []namespace {
	return slices.DeleteFunc(kinds(), func(n namespace) bool { return errnoOf(n.try(ids)) != errno })
}

func each(all []namespace, text func(namespace) string) string {
	var parts []string
	for _, n := range all {
		parts = append(parts, text(n))
	}
	return strings.Join(parts, ", ")
}

// exhausted explains ENOSPC.
func exhausted(all []namespace) (message, hint string) {
	if len(all) == 0 {
		return "namespaces ran out for a moment", "try again"
	}
	if all[0].flag == unix.CLONE_NEWUSER { // then all the others fail as well
		all = all[:1]
	}
	zero := slices.DeleteFunc(slices.Clone(all), func(n namespace) bool { return setting("/proc/sys/user/max_"+n.file+"_namespaces") != "0" })
	hint = "sudo sysctl -w " + strings.ReplaceAll(each(all, func(n namespace) string { return n.limit() + "=15000" }), ", ", " ")
	if len(zero) == len(all) {
		names := each(zero, func(n namespace) string { return n.name })
		limits := each(zero, func(n namespace) string { return n.limit() + " is 0" })
		return fmt.Sprintf("%s namespaces are switched off (%s)", names, limits), hint
	}
	return fmt.Sprintf("no %s namespace is left (%s, or they nest too deep)", each(all, func(n namespace) string { return n.name }),
		each(all, func(n namespace) string {
			return n.limit() + " is " + setting("/proc/sys/user/max_"+n.file+"_namespaces")
		})), hint
}

// notBuilt explains EINVAL.
func notBuilt(all []namespace) (message, hint string) {
	if len(all) == 0 {
		all = kinds()
	}
	if all[0].flag == unix.CLONE_NEWUSER {
		all = all[:1]
	}
	return fmt.Sprintf("this kernel is built without %s namespaces, which a sandbox needs", each(all, func(n namespace) string { return n.name })),
		"use a kernel with " + each(all, func(n namespace) string { return n.config })
}
