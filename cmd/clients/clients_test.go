package clients_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is a command line of somebody who knows nothing of sandboxes, and what it prints.
type row struct {
	name    string
	command string
	code    int
	want    string // a regular expression for each line that must be there
	needs   string // a program or a file that not every machine has
	never   string // "METHOD path": a request that must not reach the origin, now or later
}

// TestClients runs every row in one sandbox.
func TestClients(t *testing.T) {
	b := newBox(t)
	t.Run("rows", func(t *testing.T) {
		for _, r := range slices.Concat(httpRows, streamRows, callRows, socketRows, programRows) {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				r.play(t, b)
			})
		}
	})
	for _, r := range slices.Concat(httpRows, streamRows, callRows, socketRows, programRows) {
		if r.never != "" && slices.Contains(b.origin.Requests(), r.never) {
			t.Errorf("%s: %s reached the origin", r.name, r.never)
		}
	}
}

// has reports whether this machine has the program, or the file, that the row needs.
func (r row) has() bool {
	if strings.HasPrefix(r.needs, "/") {
		_, err := os.Stat(r.needs)
		return err == nil
	}
	_, err := exec.LookPath(r.needs)
	return err == nil || r.needs == ""
}

func (r row) play(t *testing.T, b *box) {
	if !r.has() {
		t.Logf("left out: this machine has no %s", r.needs)
		return
	}
	out, code := b.run(r.command)
	if code != r.code {
		t.Errorf("exit code %d, want %d", code, r.code)
	}
	for want := range strings.Lines(r.want) {
		if re := regexp.MustCompile("(?m)" + strings.TrimSpace(want)); !re.MatchString(out) {
			t.Errorf("no line like %s", re)
		}
	}
	if t.Failed() {
		t.Logf("%s\n%s", r.command, out)
	}
}
