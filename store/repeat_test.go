package store

import (
	"fmt"
	"testing"
	"time"
)

// write sends n equal denials, evenly over the time given, and returns how many
// records they became.
func (r *repeats) write(d Decision, start time.Time, n int, over time.Duration) int {
	records := map[int64]bool{}
	next := start.UnixNano() // any ids that only grow
	for i := range n {
		records[r.id(&d, start.Add(over*time.Duration(i)/time.Duration(n)), next+int64(i))] = true
	}
	return len(records)
}

func quiet() Decision {
	return Decision{Verdict: VerdictDeny, Exe: "/usr/bin/curl", Host: "example.com", Port: 443, Method: "GET", Target: "/"}
}

func TestRepeats(t *testing.T) {
	for _, test := range []struct {
		name     string
		denials  int
		over     time.Duration
		atMost   int
		decision func(*Decision)
	}{
		{"20 in a second are 20", 20, time.Second, 20, nil},
		{"20 a second for long are all kept", 200, 10 * time.Second, 200, nil},
		{"1,000 in a second", 1000, time.Second, 21, nil},
		{"1,000 a second for a minute", 60_000, time.Minute, 21, nil},
		{"1,000 a second for longer", 100_000, 100 * time.Second, 22, nil},
		{"without a method: refused connections", 1000, time.Second, 21, func(d *Decision) { d.Method = "" }},
		{"a method that writes", 1000, time.Second, 1000, func(d *Decision) { d.Method = "POST" }},
		{"a method nobody knows", 1000, time.Second, 1000, func(d *Decision) { d.Method = "FROB" }},
		{"a credential", 1000, time.Second, 1000, func(d *Decision) { d.Credential = "my-github" }},
		{"a body", 1000, time.Second, 1000, func(d *Decision) { d.BytesOut = 1 }},
		{"allowed", 1000, time.Second, 1000, func(d *Decision) { d.Verdict = "allow" }},
		{"allowed, asking the same", 1000, time.Second, 1000, func(d *Decision) { d.Verdict, d.Reason = "allow", "query viewer" }},
		{"audited", 1000, time.Second, 1000, func(d *Decision) { d.Verdict = "audit" }},
	} {
		d := quiet()
		if test.decision != nil {
			test.decision(&d)
		}
		var r repeats
		if got := r.write(d, time.Unix(1_800_000_000, 0), test.denials, test.over); got != test.atMost {
			t.Errorf("%s: got %d records of %d denials, want %d", test.name, got, test.denials, test.atMost)
		}
	}
}

// One that differs in anything a reader cares about gets a record of its own,
// also in the middle of a flood; another process id is not such a thing.
func TestRepeatsDiffer(t *testing.T) {
	var r repeats
	now := time.Unix(1_800_000_000, 0)
	flood := quiet()
	r.write(flood, now, 1000, time.Second/2)
	now = now.Add(time.Second / 2)
	for name, change := range map[string]func(*Decision){
		"exe": func(d *Decision) { d.Exe = "x" }, "host": func(d *Decision) { d.Host = "x" }, "port": func(d *Decision) { d.Port = 80 },
		"target": func(d *Decision) { d.Target = "x" }, "method": func(d *Decision) { d.Method = "HEAD" }, "code": func(d *Decision) { d.Code = "x" },
		"reason": func(d *Decision) { d.Reason = "x" }, "revision": func(d *Decision) { d.Revision = 2 }, "policy": func(d *Decision) { d.Policy = "x" },
		"ancestors": func(d *Decision) { d.Ancestors = []string{"x"} }, "layer": func(d *Decision) { d.Layer = "l4" }, "protocol": func(d *Decision) { d.Protocol = "x" },
	} {
		d := quiet()
		change(&d)
		if r.id(&d, now, -1) != -1 {
			t.Errorf("another %s was counted with the flood", name)
		}
	}
	other := quiet()
	other.PID = 99
	if r.id(&other, now, -1) == -1 {
		t.Error("another process id got a record of its own")
	}
}

// After a quiet second each denial has its own record again.
func TestRepeatsCalmDown(t *testing.T) {
	var r repeats
	now := time.Unix(1_800_000_000, 0)
	d := quiet()
	r.write(d, now, 1000, time.Second)
	if got := r.write(d, now.Add(5*time.Second), 5, time.Second); got != 5 {
		t.Errorf("got %d records, want 5", got)
	}
}

// A flood of different denials is not remembered without end, and does not stop
// new ones from being found later.
func TestRepeatsBounded(t *testing.T) {
	var r repeats
	now := time.Unix(1_800_000_000, 0)
	for i := range 10 * repeatKeys {
		d := quiet()
		d.Target = fmt.Sprint("/", i)
		if r.id(&d, now, int64(i)) != int64(i) {
			t.Fatalf("denial %d shares a record", i)
		}
	}
	if len(r.known) > repeatKeys {
		t.Errorf("remembers %d, want at most %d", len(r.known), repeatKeys)
	}
	if got := r.write(quiet(), now.Add(time.Minute), 1000, time.Second); got != 21 {
		t.Errorf("afterwards: got %d records, want 21", got)
	}
}
