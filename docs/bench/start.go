package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rounds is how often each figure is taken; the rows are interleaved, so that
// whatever else the machine does falls on all of them.
const rounds = 21

// bench runs commands of one binary in one environment.
type bench struct {
	binary string
	env    []string
	seen   string // what the last pattern found on a screen
}

// start measures from before the launcher to the first instruction of the
// program, which prints the clock.
func (b *bench) start() error {
	bwrap := strings.Fields("bwrap --unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --ro-bind /etc /etc --proc /proc --dev /dev --tmpfs /tmp --")
	rows := []struct {
		name, target string
		argv         []string
		took         []time.Duration
	}{
		{name: "plain exec", argv: nil},
		{name: "bubblewrap, the same namespaces", argv: bwrap},
		{name: "exeat sandbox create, everything on", argv: []string{b.binary, "sandbox", "create", "--frozen", "--no-keep", "--"}, target: "< 40 ms"},
	}
	if _, err := exec.LookPath("bwrap"); err != nil {
		rows = slices.Delete(rows, 1, 2)
		fmt.Println("bubblewrap is not installed (apt-get install bubblewrap): no row for it")
	}
	for range rounds {
		for i := range rows {
			took, err := b.firstInstruction(rows[i].argv)
			if err != nil {
				return fmt.Errorf("%s: %w", rows[i].name, err)
			}
			rows[i].took = append(rows[i].took, took)
		}
	}
	peer := median(rows[max(len(rows)-2, 0)].took)
	for _, row := range rows {
		m := median(row.took)
		fmt.Printf("%-44s %10s %7.1fx %10s\n", row.name, m.Round(10*time.Microsecond), float64(m)/float64(peer), row.target)
	}
	return nil
}

func (b *bench) firstInstruction(launcher []string) (time.Duration, error) {
	argv := append(slices.Clone(launcher), "/usr/bin/date", "+%s%N")
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = b.env
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	at, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return time.Unix(0, at).Sub(began), err
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
