package store

import (
	"fmt"
	"strings"
	"testing"
)

// TestPartiesOfLostCommit: a transaction that fails takes its parties back, and what follows must not refer to them.
func TestPartiesOfLostCommit(t *testing.T) {
	w := &decisionWriter{dirs: testDirs(t), sandbox: "many"}
	held, err := tryLock(decisionsLock(w.dirs, w.sandbox))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	f, err := w.openFile(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	row := func(id int64) entry {
		return entry{Decision: Decision{ID: id, Verdict: VerdictAllow, Count: 1, Exe: "/usr/bin/curl", Host: "a.example"}}
	}
	if err := f.write(t.Context(), []entry{row(1), row(1)}, nil); err == nil {
		t.Fatal("two decisions have one id")
	}
	if err := f.write(t.Context(), []entry{row(1)}, nil); err != nil {
		t.Fatal(err)
	}
	d, err := one(t.Context(), f.db.pool, prepare(`SELECT `+allowanceColumns+` FROM allowances`), scanDecision)
	if err != nil || d.Host != "a.example" {
		t.Errorf("got %+v, %v", d, err)
	}
}

// TestManyParties: a host name can be made up for each request; what is remembered of them stays bounded.
func TestManyParties(t *testing.T) {
	f := testFile(t, testDirs(t))
	insert, err := f.pool.PrepareContext(t.Context(), insertParty)
	if err != nil {
		t.Fatal(err)
	}
	known, seen := parties{}, map[int64]bool{}
	for i := range 2*maxParties + 1 {
		id, err := known.id(t.Context(), insert, party{host: fmt.Sprint(i)})
		if err != nil || seen[id] || len(known) > maxParties {
			t.Fatalf("got row %d for %d, with %d known; %v", id, i, len(known), err)
		}
		seen[id] = true
	}
	before := len(known)
	if _, err := known.id(t.Context(), insert, party{ancestors: strings.Repeat("x", maxParty+1)}); err != nil || len(known) > before {
		t.Errorf("a long one is remembered: %v", err)
	}
}
