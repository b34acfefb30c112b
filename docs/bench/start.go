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
	home   string
	seen   string // what the last pattern found on a screen
}

// launcher is a way to start a program.
type launcher struct {
	name, target, missing string
	argv                  []string
	took                  []time.Duration
}

// launchers are the peers that are installed, bubblewrap first, and exeat.
func (b *bench) launchers() []*launcher {
	bwrap := strings.Fields("bwrap --unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --ro-bind /etc /etc --proc /proc --dev /dev --tmpfs /tmp --")
	all := []*launcher{
		{name: "bubblewrap, the same namespaces", argv: bwrap, missing: "apt-get install bubblewrap"},
		{name: "plain exec"},
		{name: "exeat sandbox create, everything on", argv: []string{b.binary, "sandbox", "create", "--frozen", "--no-keep", "--"}, target: "<= 3x"},
		{name: "codex sandbox", argv: []string{"codex", "sandbox", "--"}, missing: "npm install -g @openai/codex"},
		{name: "srt", argv: []string{"srt", "--"}, missing: "npm install -g @anthropic-ai/sandbox-runtime; apt-get install socat ripgrep"},
	}
	return slices.DeleteFunc(all, func(l *launcher) bool {
		if l.missing == "" {
			return false
		}
		if _, err := b.firstInstruction(l.argv); err == nil {
			return false
		}
		fmt.Printf("no row for %s, which does not run here (%s)\n", l.name, l.missing)
		return true
	})
}

// start measures from before the launcher to the first instruction of the
// program, which prints the clock.
func (b *bench) start() error {
	all := b.launchers()
	for range rounds {
		for _, l := range all {
			took, err := b.firstInstruction(l.argv)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			l.took = append(l.took, took)
		}
	}
	peer := float64(median(all[0].took)) // bubblewrap, where it is installed
	for _, l := range all {
		m := median(l.took)
		line(row{l.name, round(m), ratio(float64(m), peer), l.target})
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
