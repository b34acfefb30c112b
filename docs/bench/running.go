package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"exeat/sandbox/control"
)

// running measures one sandbox that runs: a program started in it, what its two
// processes hold in memory, and files opened in it against the same outside.
func (b *bench) running() error {
	work := filepath.Join(b.home, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	if _, err := b.run("sandbox", "create", "running", "--frozen", "--workdir", work); err != nil {
		return err
	}
	defer b.run("sandbox", "delete", "running")
	out, err := b.run("sandbox", "get", "running", "--json")
	if err != nil {
		return err
	}
	var box struct {
		ID   string
		Live control.Status
	}
	if err := json.Unmarshal(out, &box); err != nil {
		return err
	}
	for _, measure := range []func() error{
		func() error { return b.exec(box.ID) },
		func() error { return memory(box.Live.PID, box.Live.InitPID) },
		func() error { return b.files(work) },
	} {
		if err := measure(); err != nil {
			return err
		}
	}
	return nil
}

// run runs a command of the binary and returns what it printed.
func (b *bench) run(args ...string) ([]byte, error) {
	cmd := exec.Command(b.binary, args...)
	cmd.Env = b.env
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("exeat %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}

// exec measures from the call at the control socket to the first instruction.
func (b *bench) exec(id string) error {
	var took []time.Duration
	for range rounds {
		d, err := b.execOnce(id)
		if err != nil {
			return err
		}
		took = append(took, d)
	}
	line(row{"exec in a running sandbox, to the first instruction", round(median(took)), "", "<= 3 ms"})
	return nil
}

func (b *bench) execOnce(id string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	began := time.Now()
	client, err := control.Dial(ctx, filepath.Join(b.home, ".local/state/exeat", id+".sock"))
	if err != nil {
		return 0, err
	}
	stream, err := client.Exec(ctx, control.ExecRequest{Argv: []string{"/usr/bin/date", "+%s%N"}})
	if err != nil {
		return 0, err
	}
	defer stream.Close()
	var out, errOut bytes.Buffer
	if _, err := stream.Copy(strings.NewReader(""), &out, &errOut); err != nil {
		return 0, err
	}
	at, err := strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64)
	return time.Unix(0, at).Sub(began), err
}

// memory adds up what the supervisor and init have resident once they are at
// rest, and their proportional share: both run one file, whose pages they share.
func memory(pids ...int) error {
	time.Sleep(2 * time.Second)
	resident, share := 0, 0
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return err
		}
		resident += kilobytes(text, "Rss:")
		share += kilobytes(text, "Pss:")
	}
	line(row{"supervisor and init, resident", fmt.Sprintf("%.1f MB", float64(resident)/1024), "", "<= 25 MB"})
	line(row{"the same, shared pages counted in part", fmt.Sprintf("%.1f MB", float64(share)/1024), "", ""})
	return nil
}

func kilobytes(text []byte, field string) int {
	for l := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(l, field); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}
