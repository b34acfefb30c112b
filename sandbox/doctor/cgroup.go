package doctor

import (
	"errors"
	"fmt"
	"os"

	"exeat/sandbox/cgroup"
	"exeat/sandbox/confine"
)

// delegation makes a control group as a sandbox gets it, and removes it.
func delegation() confine.Finding {
	f := confine.Finding{Name: "cgroup v2 delegation", State: confine.Present, Detail: "a group with memory and pids can be made"}
	g, err := cgroup.Make(fmt.Sprintf("exeat-doctor-%d", os.Getpid()), "memory", "pids")
	if err == nil {
		err = g.Remove()
	}
	if err == nil {
		return f
	}
	f.State, f.Detail = confine.Missing, err.Error()
	f.Lost = "the kernel's limits on memory and processes of a sandbox as a whole"
	f.Advice = "systemd-run --user --scope -p Delegate=yes exeat ..."
	if !errors.Is(err, cgroup.ErrNotDelegated) {
		f.Advice = "ls -ld /sys/fs/cgroup"
	}
	return f
}
