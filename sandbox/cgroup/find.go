package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// ErrNotDelegated says that this process may make no group with the controllers
// that are wanted; the error that wraps it says why.
var ErrNotDelegated = errors.New("no control group is delegated to this user")

func notDelegated(why string) error { return fmt.Errorf("%w: %s", ErrNotDelegated, why) }

// ancestry returns the directories of the caller's group and those above it, the
// nearest first.
func ancestry() ([]string, error) {
	root, err := mountPoint()
	if err != nil {
		return nil, err
	}
	own, err := ownGroup()
	if err != nil {
		return nil, err
	}
	var dirs []string
	for ; own != "/"; own = path.Dir(own) {
		dirs = append(dirs, path.Join(root, own))
	}
	return append(dirs, root), nil
}

// mountPoint finds where the whole of the hierarchy is mounted. A row of
// mountinfo is "id parent major:minor root point options... - type source options"
// (proc_pid_mountinfo(5)).
func mountPoint() (string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", fmt.Errorf("find the control groups: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if strings.HasPrefix(after, "cgroup2 ") && len(fields) > 4 && fields[3] == "/" && !strings.Contains(fields[4], `\`) {
			return fields[4], nil
		}
	}
	return "", notDelegated("cgroup version 2 is not mounted")
}

// ownGroup reads the row "0::PATH" (cgroups(7)).
func ownGroup() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", fmt.Errorf("find the own control group: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		own, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::")
		if ok && path.IsAbs(own) && path.Clean(own) == own { // not "/../other", outside of a cgroup namespace
			return own, nil
		}
	}
	return "", notDelegated("this process is in no group of cgroup version 2")
}

// handsOn says whether the children of a group have all the controllers.
func handsOn(dir string, controllers []string) bool {
	text, err := os.ReadFile(path.Join(dir, "cgroup.subtree_control"))
	if err != nil {
		return false
	}
	has := strings.Fields(string(text))
	return !slices.ContainsFunc(controllers, func(c string) bool { return !slices.Contains(has, c) })
}
