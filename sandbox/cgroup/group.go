package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Group is a control group that was made for one sandbox.
type Group struct{ dir string }

// Name is what the group of a sandbox is called.
func Name(sandbox string) string { return "exeat-" + sandbox }

// Parent finds the nearest group below which this process may make one that has
// the controllers. The error wraps [ErrNotDelegated] where there is none.
func Parent(controllers ...string) (string, error) {
	dirs, err := ancestry()
	if err != nil {
		return "", err
	}
	why := fmt.Sprintf("no group above this process hands on %s", strings.Join(controllers, " and "))
	for _, dir := range dirs {
		if !handsOn(dir, controllers) {
			continue
		}
		// To move a process one must be able to write to the nearest common parent.
		err := errors.Join(unix.Access(dir, unix.W_OK), unix.Access(path.Join(dir, "cgroup.procs"), unix.W_OK))
		if err == nil {
			return dir, nil
		}
		why = fmt.Sprintf("%s is not for this user to write to", dir)
	}
	return "", notDelegated(why)
}

// Make makes a group below [Parent]; one of that name that a killed supervisor
// left is taken over.
func Make(name string, controllers ...string) (*Group, error) {
	parent, err := Parent(controllers...)
	if err != nil {
		return nil, err
	}
	g := &Group{path.Join(parent, name)}
	if err := os.Mkdir(g.dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, notDelegated(err.Error())
	}
	return g, nil
}

// Clean removes an empty group that a killed supervisor left above this process;
// there is none as a rule.
func Clean(name string) {
	dirs, _ := ancestry()
	for _, dir := range dirs {
		_ = unix.Rmdir(path.Join(dir, name)) // the kernel refuses one that is in use
	}
}

// Set writes one of the group's files, such as "pids.max".
func (g *Group) Set(file string, value int64) error {
	return os.WriteFile(path.Join(g.dir, file), []byte(strconv.FormatInt(value, 10)), 0)
}

// Get reads one; -1 is "max".
func (g *Group) Get(file string) (int64, error) {
	text, err := os.ReadFile(path.Join(g.dir, file))
	if err != nil {
		return 0, err
	}
	word := strings.TrimSpace(string(text))
	if word == "max" {
		return -1, nil
	}
	return strconv.ParseInt(word, 10, 64)
}

// Add moves a process into the group, with all its threads; what it forks from
// then on is in it too.
func (g *Group) Add(pid int) error { return g.Set("cgroup.procs", int64(pid)) }

// removeTime is what the kernel has to let go of processes that were killed.
const removeTime = 2 * time.Second

// Remove kills what is in the group and removes it.
func (g *Group) Remove() error {
	_ = g.Set("cgroup.kill", 1) // since Linux 5.14; the sandbox has ended by then anyhow
	for deadline := time.Now().Add(removeTime); ; time.Sleep(5 * time.Millisecond) {
		err := unix.Rmdir(g.dir)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
			return fmt.Errorf("remove control group: %w", err)
		}
	}
}
