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
	f.Advice = toDelegate(os.Geteuid())
	if !errors.Is(err, cgroup.ErrNotDelegated) {
		f.Advice = "ls -ld /sys/fs/cgroup"
	}
	return f
}

// toDelegate is what gives a user a group of its own: only a service manager
// can, and root has no session of one to ask.
func toDelegate(uid int) string {
	if _, err := os.Stat("/run/systemd/system"); err != nil { // sd_booted(3)
		return "have the service manager delegate memory and pids of cgroup v2; until then the supervisor enforces these limits"
	}
	if uid == 0 {
		return "systemd-run --scope -p Delegate=yes exeat ..."
	}
	return "systemd-run --user --scope -p Delegate=yes exeat ..."
}
