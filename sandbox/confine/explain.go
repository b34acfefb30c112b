package confine

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// explain says why the clone was refused. The kernel gives one number for many
// causes; its own settings tell them apart.
func explain(err error, ids IDs) error {
	if _, ok := errors.AsType[*StartError](err); ok {
		return err
	}
	errno, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return &StartError{Step: "make namespaces", Message: err.Error()}
	}
	e := &StartError{Step: "make namespaces", Errno: errno, Message: err.Error()}
	switch errno {
	case syscall.ENOSPC, syscall.EUSERS:
		e.Message, e.Advice = exhausted(refused(ids, errno))
	case syscall.EPERM:
		e.Message, e.Advice = forbidden(readHost())
	case syscall.EACCES:
		e.Message, e.Advice = unreadable(ids.HostUID)
		return appArmorError(e, readHost())
	case syscall.EINVAL:
		e.Message, e.Advice = notBuilt(refused(ids, errno))
	case syscall.ENOSYS:
		e.Message = fmt.Sprintf("this kernel lacks a system call that a sandbox needs (%v)", err)
		e.Advice = "use Linux 5.12 or later, outside of containers that restrict system calls"
	case syscall.EAGAIN:
		e.Message, e.Advice = "no more processes may be started", "ulimit -u"
	}
	return e
}

// host is what tells the causes of EPERM apart.
type host struct {
	userns   string // kernel.unprivileged_userns_clone, a Debian setting
	limit    string // user.max_user_namespaces
	appArmor bool   // kernel.apparmor_restrict_unprivileged_userns, and no profile exempts this process
	seccomp  bool   // a filter is on this process
	root     bool
	program  string // path of this binary
}

func readHost() host {
	status, _ := os.ReadFile("/proc/self/status")
	program, err := os.Executable()
	if err != nil {
		program = "/usr/local/bin/exeat"
	}
	return host{
		userns:   setting("/proc/sys/kernel/unprivileged_userns_clone"),
		limit:    setting("/proc/sys/user/max_user_namespaces"),
		appArmor: setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" && unconfined(setting("/proc/self/attr/current")),
		seccomp:  strings.Contains(string(status), "\nSeccomp:\t2"),
		root:     os.Geteuid() == 0,
		program:  program,
	}
}

// unconfined says whether a process with this label has no profile: one that
// has, such as ours, reads "exeat (unconfined)".
func unconfined(label string) bool { return label == "unconfined" || label == "" }

// settings is what this machine says of user namespaces.
func (h host) settings() string {
	text := "user.max_user_namespaces " + h.limit
	if h.userns != "" {
		text += ", kernel.unprivileged_userns_clone " + h.userns
	}
	if h.appArmor {
		text += ", restricted by AppArmor"
	}
	if h.seccomp {
		text += ", under a seccomp filter"
	}
	return text
}

// appArmorError is what the restriction comes to: the clone succeeds, and then
// the process is refused what it has capabilities for.
func appArmorError(e *StartError, h host) *StartError {
	late := e.Errno == syscall.EPERM || e.Errno == syscall.EACCES
	if !late || !h.appArmor || h.root || e.Step == "build the view" {
		return e
	}
	message, advice := appArmor(h.program)
	return &StartError{Step: e.Step, Errno: e.Errno, Message: message, Advice: advice}
}

func forbidden(h host) (message, hint string) {
	switch {
	case h.userns == "0" && !h.root:
		return "unprivileged user namespaces are switched off (kernel.unprivileged_userns_clone is 0)",
			"sudo sysctl -w kernel.unprivileged_userns_clone=1"
	case h.appArmor && !h.root:
		return appArmor(h.program)
	case h.seccomp:
		return "a seccomp filter around this process forbids user namespaces, as Docker's does",
			"docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined ..."
	}
	return "user namespaces are not permitted here (a security module, a chroot, or an outer sandbox forbids them)", "unshare -U true"
}

// appArmor names the restriction of Ubuntu 23.10 and later, and the profile that
// exempts this binary: a command that writes it, then how it reads.
func appArmor(program string) (message, hint string) {
	lines := []string{"abi <abi/4.0>,", "include <tunables/global>", "profile exeat " + program + " flags=(unconfined) {", "  userns,", "}"}
	write := fmt.Sprintf("printf '%s\\n' | sudo tee /etc/apparmor.d/exeat && sudo apparmor_parser -r /etc/apparmor.d/exeat", strings.Join(lines, "\\n"))
	return "AppArmor restricts unprivileged user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)",
		write + "\nwhich installs this profile as /etc/apparmor.d/exeat:\n  " + strings.Join(lines, "\n  ")
}

func unreadable(uid int) (message, hint string) {
	program, err := os.Executable()
	if err != nil {
		program = "exeat"
	}
	return fmt.Sprintf("uid %d may not execute %s", uid, program), "sudo chmod a+rx " + program
}

// setting reads one sysctl; empty where it does not exist.
func setting(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
