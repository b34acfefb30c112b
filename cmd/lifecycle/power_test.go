package lifecycle_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whatever is going on when the power fails, afterwards every sandbox that is
// listed can be started and deleted, and nothing else is left.
func TestPowerLoss(t *testing.T) {
	u, n := newUser(t), times(200, 12)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // where to cut, no secret
	p := &plan{user: u, random: random, done: map[string]int{}, ada: newApprover(u)}
	p.ada.sign("sandbox", "create", pinned, "--policy", u.policy())
	before := u.look()
	u.forgetDatabase(&before)
	for i := range n {
		p.cut(i)
		if t.Failed() {
			t.Fatalf("after %d losses of power (seed %d)", i+1, seed)
		}
	}
	u.exeat("policy", "get", pinned)
	for _, box := range p.boxes() {
		u.exeat("sandbox", "delete", box.Name)
	}
	orphans := age(u)
	u.exeat("sandbox", "list")
	u.leftNothing(before)
	fmt.Printf("uid %d: %d losses of power during %v: list, start and delete work; %d directories without a row were removed, nothing is left\n", os.Getuid(), n, p.done, orphans)
}

// plan does things to sandboxes and is interrupted.
type plan struct {
	*user
	random *rand.Rand
	count  int
	done   map[string]int
	ada    *approver
}

type box struct{ Name, State string }

// cut begins something, ends everything at some moment of it, and looks.
func (p *plan) cut(i int) {
	p.t.Helper()
	boxes := p.boxes()
	what, args := p.choose(boxes)
	p.done[what]++
	if what == "policy set" {
		p.during(1500*time.Millisecond, func() { p.ada.agree(args...) })
	} else {
		p.during(120*time.Millisecond, func() { _ = p.command(p.t.Context(), args...).Run() })
	}
	p.stopped()
	if i%5 == 4 {
		p.revive()
	}
}

// during cuts the power at some moment of f, which takes about as long as given.
func (p *plan) during(most time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	time.Sleep(time.Duration(p.random.Int64N(int64(most)))) // the moment is the point
	for ended := false; !ended; {
		killAll()
		select {
		case <-done:
			ended = true
		case <-time.After(time.Millisecond): // it had not started yet
		}
	}
}

// stopped waits until the list says that nothing runs: a killed process holds
// its locks until the last of its threads is gone.
func (p *plan) stopped() {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		boxes := p.boxes()
		running := slices.DeleteFunc(boxes, func(b box) bool { return b.State == "stopped" })
		if len(running) == 0 {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("run after everything was killed: %v", running)
		}
	}
}

// choose takes one of the things that change a sandbox.
func (p *plan) choose(boxes []box) (what string, args []string) {
	p.count++
	pick := p.random.IntN(6)
	if pick == 5 {
		_, _ = p.try("sandbox", "start", pinned)
		return "policy set", []string{"policy", "set", pinned, "--policy", p.otherPolicy(), "--wait"}
	}
	if len(boxes) == 0 || len(boxes) < 4 && pick < 2 {
		return "create", arguments(p.user, name(p.count), nil, fetch, "sleep 0.2")
	}
	b := boxes[p.random.IntN(len(boxes))].Name
	switch pick {
	case 2:
		if b == pinned {
			break
		}
		return "delete", []string{"sandbox", "delete", b}
	case 3:
		return "create and delete at the end", arguments(p.user, "brief-"+name(p.count), []string{"--no-keep"}, "true")
	}
	return "start", []string{"sandbox", "start", b}
}

func (p *plan) boxes() (all []box) {
	p.t.Helper()
	must(p.t, json.Unmarshal([]byte(p.exeat("sandbox", "list", "--json")), &all))
	return all
}

// revive starts whatever is there, uses it, and deletes one.
func (p *plan) revive() {
	p.t.Helper()
	boxes := p.boxes()
	for i, b := range boxes {
		if strings.HasPrefix(b.Name, "brief") {
			continue // one that runs its command and goes; that it can be deleted is enough
		}
		p.exeat("sandbox", "start", b.Name)
		if out := p.exeat("sandbox", "exec", b.Name, "--", "sh", "-c", fetch); out != "read\n" {
			p.t.Errorf("%s: got %q", b.Name, out)
		}
		if i == 0 && b.Name != pinned {
			p.exeat("sandbox", "delete", b.Name)
		}
	}
	killAll()
}

// age makes every directory as old as what is removed for being nobody's, and counts them.
func age(u *user) int {
	u.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(u.state(), "sandboxes", "*"))
	must(u.t, err)
	old := time.Now().Add(-time.Hour)
	for _, dir := range dirs {
		must(u.t, os.Chtimes(dir, old, old))
	}
	return len(dirs)
}
