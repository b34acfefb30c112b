package sandbox_test

import (
	"os"
	"strings"
	"testing"
)

// Paths that an approver added are shown from the next start on, and the status
// says so until then; the rest of the revision is in force at once.
func TestPathsAfterRestart(t *testing.T) {
	if _, err := os.Stat("/srv"); err != nil {
		t.Fatalf("this test shows /srv, which every Debian has: %v", err)
	}
	boxes := newBoxes(t)
	a := newApproved(t, boxes)
	a.add(a.sign(strings.Replace(wider, "/usr, /lib", "/usr, /srv, /lib", 1), nil))
	if err := a.load(2); err != nil {
		t.Fatal(err)
	}
	if got := run(t, boxes, "box", "ls", "/srv"); got.exit == 0 {
		t.Error("/srv is shown before the restart")
	}
	if s := status(t, boxes, "box"); s.Revision != 2 || len(s.AfterRestart) != 1 || s.AfterRestart[0] != "filesystem_policy.read_only: adds /srv" {
		t.Errorf("got revision %d, after a restart %q", s.Revision, s.AfterRestart)
	}
	restart(t, a)
	if got := run(t, boxes, "box", "ls", "/srv"); got.exit != 0 {
		t.Errorf("after the restart: %s", got.err)
	}
	if s := status(t, boxes, "box"); len(s.AfterRestart) != 0 {
		t.Errorf("still waiting: %q", s.AfterRestart)
	}
}

// Paths that were approved while nobody was there to load them are shown by the
// start that loads them.
func TestPathsWhileStopped(t *testing.T) {
	boxes := newBoxes(t)
	a := newApproved(t, boxes)
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	a.add(a.sign(strings.Replace(wider, "/usr, /lib", "/usr, /srv, /lib", 1), nil))
	restart(t, a)
	if got := run(t, boxes, "box", "ls", "/srv"); got.exit != 0 {
		t.Errorf("after the start: %s", got.err)
	}
}

func restart(t *testing.T, a *approved) {
	t.Helper()
	if err := a.boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.boxes.Start(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
}
