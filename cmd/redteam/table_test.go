package redteam_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"exeat/cmd/demo/world"
)

// attack is a row of the table. Its id is for ever: documents, findings and
// later rows refer to it.
type attack struct {
	id, name string

	policy string       // network blocks beside the standing ones, see scene.policy
	before func(*scene) // what somebody did on the host, before
	script string       // what sh runs in the workdir of a new sandbox
	play   func(*scene) string
	after  func(*scene) // what must be so on the host, afterwards

	want   []string // each matches what the attacker saw
	never  string   // does not; nor do the words of always
	record denial   // what the log must say of it; the zero value: nothing need be
	limit  bool     // Linux cannot stop it; want is what happens, docs/threat-model.md says why
}

// always are words no attacker may ever see: a try that worked, a call that got
// past the filter, a secret of the host.
var always = regexp.MustCompile(`SUCCEEDED|REACHED THE KERNEL|SILENT|` + secret + `|panic: |goroutine \d+ \[`)

// families of the table, in its order.
var families = [][]attack{
	fileAttacks, processAttacks, networkAttacks, furtherAttacks, taintAttacks, limitAttacks, handoffAttacks,
	repoAttacks,
	socketAttacks,
}

// TestAttacks runs every row, each in a sandbox of its own, and prints the table.
func TestAttacks(t *testing.T) {
	town := newTown(t)
	manual, err := os.ReadFile(filepath.Join(world.Dir(), "docs"))
	if err != nil {
		t.Fatal(err)
	}
	var results report
	t.Cleanup(func() { results.print() })
	ids := map[string]bool{}
	for _, a := range slices.Concat(families...) {
		if ids[a.id] {
			t.Errorf("%s: two rows have this id", a.id)
		}
		ids[a.id] = true
		if a.limit && !strings.Contains(string(manual), a.id) {
			t.Errorf("%s: docs/threat-model.md does not say why this is not stopped", a.id)
		}
		t.Run(a.id, func(t *testing.T) {
			t.Parallel()
			results.run(t, newScene(t, town, a), a)
		})
	}
}

// report collects the rows of the printed table.
type report struct {
	mu   sync.Mutex
	rows []row
}

type row struct {
	id, name, outcome, evidence string
	took                        time.Duration
}

func (r *report) run(t *testing.T, s *scene, a attack) {
	began := time.Now()
	if a.before != nil {
		a.before(s)
	}
	var seen string
	if a.play != nil {
		seen = a.play(s)
	} else {
		seen = s.create(a.script)
	}
	evidence := judge(t, s, a, seen)
	if a.after != nil {
		a.after(s)
	}
	s.unharmed()
	outcome := "refused"
	switch {
	case t.Failed():
		outcome = "FAILED"
	case a.limit:
		outcome = "as documented"
	case a.record != denial{}:
		outcome = "denied, recorded"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, row{a.id, a.name, outcome, evidence, time.Since(began)})
}

// judge checks what the attacker saw and what was recorded, and returns the
// line that shows it best.
func judge(t *testing.T, s *scene, a attack, seen string) (evidence string) {
	t.Helper()
	if found := always.FindString(seen); found != "" {
		t.Errorf("%q in what the attacker saw:\n%s", found, seen)
	}
	if a.never != "" && regexp.MustCompile(a.never).MatchString(seen) {
		t.Errorf("%q matches what the attacker saw:\n%s", a.never, seen)
	}
	for _, want := range a.want {
		line := regexp.MustCompile(`(?m)^.*(?:` + want + `).*$`).FindString(seen)
		if line == "" {
			t.Errorf("no %q in what the attacker saw:\n%s", want, seen)
		}
		evidence = cmp.Or(evidence, line)
	}
	if a.record != (denial{}) {
		evidence = s.recorded(a.record)
	}
	return evidence
}

// print writes the table; `go test` shows it where it runs one package in its own directory.
func (r *report) print() {
	slices.SortFunc(r.rows, func(a, b row) int { return strings.Compare(a.id, b.id) })
	fmt.Printf("\n%d attacks as uid %d\n", len(r.rows), os.Getuid())
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tATTACK\tOUTCOME\tEVIDENCE\tMS")
	for _, row := range r.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", row.id, row.name, row.outcome, short(row.evidence, 72), row.took.Milliseconds())
	}
	w.Flush()
}

// short is one line of printable text.
func short(text string, most int) string {
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, world.Dir(), "")), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
