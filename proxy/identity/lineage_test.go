package identity_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A process whose parent has ended is init's child for the kernel. Who it was is not lost, unless it was killed.
func TestLineage(t *testing.T) {
	rows := []struct {
		name, role string
		child      bool // it starts one more process, which connects
		want       []string
	}{
		{"parent has ended", "leave", false, []string{"middle", "agent"}},
		{"its parent has ended", "leave", true, []string{"last", "middle", "agent"}},
		{"parent was killed", "killed", false, []string{"?orphan"}},
		{"its parent was killed", "killed", true, []string{"last", "?orphan"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := startBox(t)
			agent, middle, last := b.program("agent"), b.program("middle"), b.program("last")
			args := []string{b.v4.Addr().String(), row.role, middle, last}
			if row.child {
				args = append(args, b.program("child"))
			}
			b.start(agent, "parents", args...)
			got := b.who(b.accept(b.v4))
			names := map[string]string{agent: "agent", middle: "middle", last: "last", "?orphan": "?orphan"}
			var ancestors []string
			for _, name := range got.Ancestors {
				ancestors = append(ancestors, names[name])
			}
			if diff := cmp.Diff(ancestors, row.want); diff != "" || got.Unknown != "" {
				t.Errorf("%+v: %s", got, diff)
			}
		})
	}
}

// All of them have ended, the program that init started too.
func TestLineageWithoutLiving(t *testing.T) {
	b := startBox(t)
	first, second := b.program("first"), b.program("second")
	b.start(first, "leave", b.v4.Addr().String(), second)
	got := b.who(b.accept(b.v4))
	if want := []string{first}; got.Exe != second || !cmp.Equal(got.Ancestors, want) {
		t.Errorf("got %+v, want %s below %v", got, second, want)
	}
}

// The first program of a sandbox has no ancestors, and none that were lost.
func TestFirstProgramIsNoOrphan(t *testing.T) {
	b := startBox(t)
	b.start(b.program("program"), "connect", b.v4.Addr().String())
	if got := b.who(b.accept(b.v4)); len(got.Ancestors) != 0 {
		t.Errorf("got %+v, want no ancestors", got)
	}
}

// Very many processes that end are not in the way of one that connects.
func TestExitsHoldNobody(t *testing.T) {
	b := startBox(t)
	busy, known := b.program("busy"), b.program("known")
	for range 4 {
		b.start(busy, "forks", "100000")
	}
	for range 5 {
		began := time.Now()
		b.start(known, "connect", b.v4.Addr().String())
		if got := b.who(b.accept(b.v4)); got.Exe != known || got.Unknown != "" {
			t.Errorf("got %+v, want %s", got, known)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("connected after %v", took)
		}
	}
}

// The SYN is put off until somebody writes; who called connect() is known all the same.
func TestDeferredConnect(t *testing.T) {
	b := startBox(t)
	program := b.program("program")
	b.start(program, "later", b.v4.Addr().String())
	if got := b.who(b.accept(b.v4)); got.Exe != program || got.Unknown != "" {
		t.Errorf("got %+v, want %s", got, program)
	}
}
