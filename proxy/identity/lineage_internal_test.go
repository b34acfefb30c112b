package identity

import (
	"os"
	"testing"
)

// A note is of one process, not of whoever has its number later.
func TestNoteIsNotForReusedNumber(t *testing.T) {
	l := newLineage(2)
	l.add(status{pid: 7, start: 100}, []string{"/usr/bin/git"})
	if got, noted := l.of(status{pid: 7, start: 100}); !noted || got[0] != "/usr/bin/git" {
		t.Errorf("got %v, %v", got, noted)
	}
	if got, noted := l.of(status{pid: 7, start: 101}); noted {
		t.Errorf("a later process 7 descends from %v", got)
	}
}

func TestNotesAreBounded(t *testing.T) {
	l := newLineage(3)
	for pid := range 10 {
		l.add(status{pid: pid}, []string{"/bin/sh"})
	}
	for pid := range 10 {
		if got, want := l.has(pid), pid >= 7; got != want {
			t.Errorf("process %d: kept %v, want %v", pid, got, want)
		}
	}
	if len(l.notes) != 3 || len(l.order) != 3 {
		t.Errorf("got %d notes and %d in order, want 3", len(l.notes), len(l.order))
	}
}

// What stands in the lineage counts towards the most ancestors there are.
func TestNotedAncestorsAreBounded(t *testing.T) {
	w := &Watcher{proc: hostProc, init: 1, content: newContents(nil), lineage: newLineage(1)}
	self, err := hostProc.status(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	w.lineage.add(self, make([]string, 2*maxAncestors))
	if names, err := w.climb(self); err != nil || len(names) != maxAncestors {
		t.Errorf("got %d, %v, want %d", len(names), err, maxAncestors)
	}
}

// Who was killed is not known; that somebody is missing is.
func TestOrphanIsMarked(t *testing.T) {
	w := &Watcher{init: 1, lineage: newLineage(1)}
	for _, row := range []struct {
		child status
		want  int
	}{{status{pid: 7, parent: 1, session: 7}, 0}, {status{pid: 7, parent: 1, session: 5}, 1}} {
		if got, err := w.climb(row.child); err != nil || len(got) != row.want {
			t.Errorf("%+v: got %v, %v", row.child, got, err)
		}
	}
}
