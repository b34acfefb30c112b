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
func explain(err error, hostUID int) error {
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
		e.Message, e.Advice = exhausted(setting("/proc/sys/user/max_user_namespaces"))
	case syscall.EPERM:
		e.Message, e.Advice = forbidden(readHost())
	case syscall.EACCES:
		e.Message, e.Advice = unreadable(hostUID)
	case syscall.EINVAL:
		e.Message = "this kernel is built without a namespace that a sandbox needs"
		e.Advice = "zgrep -E 'CONFIG_(USER|PID|NET|IPC|UTS)_NS|CONFIG_CGROUPS' /proc/config.gz"
	case syscall.EAGAIN:
		e.Message, e.Advice = "no more processes may be started", "ulimit -u"
	}
	return e
}

func exhausted(limit string) (message, hint string) {
	if limit == "0" {
		return "user namespaces are switched off (user.max_user_namespaces is 0)", "sudo sysctl -w user.max_user_namespaces=15000"
	}
	return fmt.Sprintf("no user namespace is left (user.max_user_namespaces is %s, or they nest too deep)", limit),
		"sudo sysctl -w user.max_user_namespaces=15000"
}

// host is what tells the causes of EPERM apart.
type host struct {
	userns   string // kernel.unprivileged_userns_clone, a Debian setting
	appArmor string // kernel.apparmor_restrict_unprivileged_userns
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
		appArmor: setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
		seccomp:  strings.Contains(string(status), "\nSeccomp:\t2"),
		root:     os.Geteuid() == 0,
		program:  program,
	}
}

func forbidden(h host) (message, hint string) {
	switch {
	case h.userns == "0" && !h.root:
		return "unprivileged user namespaces are switched off (kernel.unprivileged_userns_clone is 0)",
			"sudo sysctl -w kernel.unprivileged_userns_clone=1"
	case h.appArmor == "1" && !h.root:
		return "AppArmor restricts unprivileged user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)", appArmorHint(h.program)
	case h.seccomp:
		return "a seccomp filter around this process forbids user namespaces, as Docker's does",
			"docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined ..."
	}
	return "user namespaces are not permitted here (a security module, a chroot, or an outer sandbox forbids them)", "unshare -U true"
}

func appArmorHint(program string) string {
	profile := fmt.Sprintf("abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile exeat %s flags=(unconfined) { userns, }\\n", program)
	return fmt.Sprintf("printf '%s' | sudo tee /etc/apparmor.d/exeat && sudo apparmor_parser -r /etc/apparmor.d/exeat", profile)
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

// whyNoListener says why the kernel gave no seccomp listener.
func whyNoListener(errno syscall.Errno) string {
	if errno == syscall.EBUSY {
		return "a seccomp filter around this process has the one listener there can be (as in LXC, podman and systemd-nspawn)"
	}
	return fmt.Sprintf("this kernel gives no seccomp listener (%v)", errno)
}
