package cmd_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// lacking is a program of the scripts: `lacking THING PROGRAM...` runs a program
// on a machine that lacks something. The binary knows nothing of it: what lacks
// is refused by the kernel, under a filter or in namespaces around it.
func lacking(args []string) int {
	inside := len(args) > 0 && args[0] == "--inside"
	if inside {
		args = args[1:]
	}
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: lacking THING PROGRAM...")
		return 2
	}
	code, err := 0, error(nil)
	switch {
	case inside:
		err = furnish(args[0], args[1:])
	case args[0] == "listener":
		code, err = listenOutside(args[1:])
	case args[0] == "CAP_SYS_ADMIN":
		err = dropped(unix.CAP_SYS_ADMIN, args[1:])
	case calls()[args[0]] != nil:
		err = filtered(calls()[args[0]], 0, args[1:])
	default:
		code, err = aside(args)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lacking:", err)
		return 99
	}
	return code
}

// listenOutside runs a program under a filter whose listener this process holds,
// as a container manager does: there is one listener in a chain of filters.
func listenOutside(argv []string) (int, error) {
	runtime.LockOSThread() // the filter is this thread's, and so is the fork
	fd, err := install(nil, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	return pass(exec.Command(argv[0], argv[1:]...))
}

// dropped executes a program without a capability, as root in a container.
func dropped(capability uintptr, argv []string) error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
		return err
	}
	return execute(argv)
}

func execute(argv []string) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	return unix.Exec(path, argv, os.Environ())
}

// pass runs a command with our own streams and returns its exit code.
func pass(cmd *exec.Cmd) (int, error) {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// aside goes into user and mount namespaces in which things can be taken away
// without taking them from the machine.
func aside(args []string) (int, error) {
	uids, err := sameIDs("/proc/self/uid_map", os.Getuid())
	if err != nil {
		return 0, err
	}
	gids, err := sameIDs("/proc/self/gid_map", os.Getgid())
	if err != nil {
		return 0, err
	}
	if args[0] == "ids" { // root in a container of an ordinary user's
		uids, gids = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	cmd := exec.Command("/proc/self/exe", append([]string{"--inside"}, args...)...)
	cmd.Args[0] = "lacking"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS, UidMappings: uids, GidMappings: gids, GidMappingsEnableSetgroups: os.Getuid() == 0,
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_RESOURCE}, Pdeathsig: syscall.SIGKILL,
	}
	return pass(cmd)
}

// sameIDs maps every id that exists here to itself; an ordinary user can map his own only.
func sameIDs(file string, own int) ([]syscall.SysProcIDMap, error) {
	if os.Getuid() != 0 {
		return []syscall.SysProcIDMap{{ContainerID: own, HostID: own, Size: 1}}, nil
	}
	text, err := os.ReadFile(file)
	var all []syscall.SysProcIDMap
	for line := range strings.Lines(string(text)) {
		var m syscall.SysProcIDMap
		if _, err := fmt.Sscan(line, &m.ContainerID, &m.HostID, &m.Size); err != nil {
			return nil, err
		}
		m.HostID = m.ContainerID
		all = append(all, m)
	}
	return all, err
}

// furnish takes the thing away and executes the program as whoever it was.
func furnish(thing string, argv []string) error {
	runtime.LockOSThread()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := takeAway(thing); err != nil {
		return fmt.Errorf("%s: %w", thing, err)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	return execute(argv)
}

func takeAway(thing string) error {
	switch thing {
	case "ids":
		return nil
	case "userns-sysctl":
		return os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0)
	case "netns-sysctl":
		return os.WriteFile("/proc/sys/user/max_net_namespaces", []byte("0"), 0)
	case "whole-proc":
		return unix.Mount("/dev/null", "/proc/uptime", "", unix.MS_BIND, "")
	case "writable-sys":
		a := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
		if err := unix.Mount("/sys", "/sys", "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return err
		}
		return unix.MountSetattr(unix.AT_FDCWD, "/sys", unix.AT_RECURSIVE, &a)
	case "certificates":
		for _, file := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem", "/etc/ssl/cert.pem"} {
			if err := unix.Mount("/dev/null", file, "", unix.MS_BIND, ""); err != nil && err != unix.ENOENT {
				return err
			}
		}
		return nil
	}
	return errors.New("nobody knows how to take that away")
}
