package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Config describes a world and the program that runs in it, which is this
// very binary with other arguments.
type Config struct {
	UID, GID int               // who the program runs as
	Hosts    map[string]string // name to IPv4 address; every address is routed to the loopback device
	Own      string            // an IPv4 address of the machine itself, or none
	Bundle   []byte            // PEM: the only certificate roots of this world
	Files    map[string]string // copied into the world's directory: name there to path here
	Args     []string
	Env      []string // added to a minimal environment
}

// Names of the world's directory in the program's environment, and of the
// argument that starts the world's first process.
const (
	DirVariable = "EXEAT_WORLD"
	role        = "world-init"
)

// Dir returns the directory of the world this process runs in, or "" outside of any.
func Dir() string { return os.Getenv(DirVariable) }

// Run makes the world, runs the program in it, removes the world, and returns
// the program's exit code. Nothing of the world outlives the call: its process
// namespace ends with the program.
func Run(c Config) (int, error) {
	dir, err := prepare(c)
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	cmd := command(c, dir)
	if err := cmd.Start(); err != nil {
		return 0, explain(err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// command starts the world's first process in namespaces of its own. An
// ordinary user needs a user namespace to own the others; the identity map
// keeps the program that ordinary user, and ambient capabilities let the first
// process set the world up without being uid 0 (capabilities(7)).
func command(c Config, dir string) *exec.Cmd {
	config, _ := json.Marshal(c)
	cmd := exec.Command(filepath.Join(dir, "self"), role, dir, string(config))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = environment(c, dir)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if c.UID == 0 {
		return cmd
	}
	attr := cmd.SysProcAttr
	attr.Cloneflags |= unix.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: c.UID, HostID: c.UID, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: c.GID, HostID: c.GID, Size: 1}}
	attr.Credential = &syscall.Credential{Uid: uint32(c.UID), Gid: uint32(c.GID), NoSetGroups: true}
	for capability := uintptr(0); capability <= unix.CAP_LAST_CAP; capability++ {
		attr.AmbientCaps = append(attr.AmbientCaps, capability)
	}
	return cmd
}

func environment(c Config, dir string) []string {
	env := []string{
		DirVariable + "=" + dir,
		"HOME=" + filepath.Join(dir, "home"),
		"PATH=" + filepath.Join(dir, "bin") + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"TERM=" + os.Getenv("TERM"), "LANG=C.UTF-8", "TMPDIR=" + filepath.Join(dir, "tmp"),
	}
	return append(env, c.Env...)
}

// explain says what to do where namespaces are not to be had.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("make namespaces: %w (user namespaces are switched off here, or this is a container that forbids them; try as root outside of it)", err)
	case errors.Is(err, unix.ENOSPC):
		return fmt.Errorf("make namespaces: %w (sysctl user.max_user_namespaces is 0)", err)
	}
	return fmt.Errorf("make namespaces: %w", err)
}
