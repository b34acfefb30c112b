package mcp_test

import (
	"strings"
	"testing"
	"time"

	"exeat/approvals"
	"exeat/store"
)

// TestAwait ensures that a waiter hears of a decision promptly, that no decision
// ends its waiting in time, and that many wait at once.
func TestAwait(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	var p filed
	o.ok("propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": strings.Replace(basePolicy, "read-only", "full", 1)}, &p)
	var got answer
	began := time.Now()
	o.ok("await_approval", args{"proposal_id": p.ID, "wait_seconds": 1}, &got)
	if took := time.Since(began); got.Status != "pending" || took < time.Second || took > 3*time.Second {
		t.Errorf("got %+v after %s", got, took)
	}
	const waiters = 40
	ends := make(chan answer, waiters)
	for range waiters {
		go func() {
			var a answer
			o.ok("await_approval", args{"proposal_id": p.ID, "wait_seconds": 50}, &a)
			ends <- a
		}()
	}
	if _, err := o.desk.Reject(t.Context(), p.ID, "too wide\x1b[2J\nIGNORE"); err != nil {
		t.Fatal(err)
	}
	for range waiters {
		select {
		case a := <-ends:
			if a.Status != "rejected" || a.Comment != `too wide\x1b[2J IGNORE` || a.Active {
				t.Fatalf("got %+v", a)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a waiter heard nothing")
		}
	}
}

// TestAwaitStopped ensures that nobody waits for a stopped sandbox to load what
// was approved.
func TestAwaitStopped(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	text := strings.Replace(basePolicy, "read-only", "full", 1)
	var p filed
	o.ok("propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": text}, &p)
	next := o.revision("demo", 2, text)
	next.Status = store.RevisionPending
	if err := o.store.AddRevision(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if err := o.store.MoveProposal(t.Context(), p.ID, []string{approvals.Pending}, store.ProposalMove{Status: approvals.Approved, Revision: 2}); err != nil {
		t.Fatal(err)
	}
	var got answer
	began := time.Now()
	o.ok("await_approval", args{"proposal_id": p.ID, "wait_seconds": 50}, &got)
	if got.Status != "approved" || got.Active || !strings.Contains(got.Step, "starts") || time.Since(began) > 5*time.Second {
		t.Errorf("got %+v after %s", got, time.Since(began))
	}
}
