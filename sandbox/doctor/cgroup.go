package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
)

// cgroup tries to make a group below our own, which is what delegation allows
// (cgroups(7), "Cgroups delegation").
func cgroup() confine.Finding {
	f := confine.Finding{
		Name: "cgroup v2 delegation", State: confine.Missing, Lost: "the kernel's limits on memory and processes of a sandbox as a whole",
		Advice: "systemd-run --user --scope -p Delegate=yes exeat ...",
	}
	dir, err := ownGroup()
	if err != nil {
		f.Detail, f.Advice = err.Error(), "boot with systemd.unified_cgroup_hierarchy=1"
		return f
	}
	lacking, err := controllers(dir)
	if err == nil {
		err = tryGroup(dir)
	}
	switch {
	case err != nil:
		f.Detail = fmt.Sprintf("%s is not delegated: %v", dir, err)
	case len(lacking) > 0:
		f.State, f.Detail = confine.Partial, fmt.Sprintf("%s lacks the controllers %s", dir, strings.Join(lacking, ", "))
	default:
		f.State, f.Lost, f.Advice, f.Detail = confine.Present, "", "", dir+" with memory and pids"
	}
	return f
}

// ownGroup is the directory of this process's group.
func ownGroup() (string, error) {
	const root = "/sys/fs/cgroup"
	var fs unix.Statfs_t
	if err := unix.Statfs(root, &fs); err != nil || fs.Type != unix.CGROUP2_SUPER_MAGIC {
		return "", fmt.Errorf("%s is no cgroup v2 hierarchy", root)
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return filepath.Join(root, path), nil
		}
	}
	return "", fmt.Errorf("this process is in no group of %s", root)
}

// controllers are those that a group lacks.
func controllers(dir string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return nil, err
	}
	have := strings.Fields(string(text))
	return slices.DeleteFunc([]string{"memory", "pids"}, func(c string) bool { return slices.Contains(have, c) }), nil
}

func tryGroup(dir string) error {
	group, err := os.MkdirTemp(dir, "exeat-doctor-")
	if err != nil {
		return err
	}
	return os.Remove(group)
}
