package approvals_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"exeat/approvals"
	"exeat/store"
)

func (o *office) status(t *testing.T, id int64) approvals.Proposal {
	t.Helper()
	p, err := o.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReject(t *testing.T) {
	o := newOffice(t)
	r := o.submit(t, push())
	var refused *approvals.Error
	if _, err := o.Reject(t.Context(), r.ID, " \n"); !errors.As(err, &refused) || refused.Code != approvals.CodeArgument {
		t.Errorf("without a reason: %v", err)
	}
	p, err := o.Reject(t.Context(), r.ID, "too wide:\none repository is enough")
	if err != nil || p.Status != approvals.Rejected || p.Comment != "too wide: one repository is enough" {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := o.Reject(t.Context(), r.ID, "again"); !errors.As(err, &refused) || refused.Code != approvals.CodeDecided || !strings.Contains(err.Error(), "too wide") {
		t.Errorf("a second time: %v", err)
	}
	if _, err := o.Reject(t.Context(), 99, "x"); !errors.As(err, &refused) || refused.Code != approvals.CodeNotFound {
		t.Errorf("no such proposal: %v", err)
	}
}

// A proposal is over after seven days, whether or not anybody wrote that down.
func TestExpiry(t *testing.T) {
	o := newOffice(t)
	r := o.submit(t, push())
	o.clock = o.clock.Add(7*24*time.Hour - time.Second)
	if p := o.status(t, r.ID); p.Status != approvals.Pending {
		t.Errorf("one second before: %s", p.Status)
	}
	o.clock = o.clock.Add(time.Second)
	if p := o.status(t, r.ID); p.Status != approvals.Expired {
		t.Errorf("at the end: %s", p.Status)
	}
	if _, err := o.Reject(t.Context(), r.ID, "late"); err == nil {
		t.Error("an expired proposal was rejected")
	}
	if list, err := o.List(t.Context(), approvals.Filter{Status: approvals.Pending}); err != nil || len(list) != 0 {
		t.Errorf("still listed: %v, %v", list, err)
	}
	base, err := o.Newest(t.Context(), "box1")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Sweep(t.Context(), "box1", base); err != nil {
		t.Fatal(err)
	}
	if record, err := o.Store.Proposal(t.Context(), r.ID); err != nil || record.Status != approvals.Expired {
		t.Errorf("record: %s, %v", record.Status, err)
	}
}

// Operations are carried over to a new base under a new digest; a whole policy
// would undo what changed, so it is not.
func TestSweepAfterTheBaseMoved(t *testing.T) {
	o := newOffice(t)
	operations, text := o.submit(t, push()), o.submit(t, whole())
	moved := strings.Replace(basePolicy, "/usr/bin/git }", "/usr/bin/git }\n      - { path: /usr/bin/gh }", 1)
	base := o.advance(t, 2, moved)
	if err := o.Sweep(t.Context(), "box1", base); err != nil {
		t.Fatal(err)
	}
	old := o.status(t, operations.ID)
	if old.Status != approvals.Superseded || old.ReplacedBy == 0 {
		t.Fatalf("old %+v", old)
	}
	var refused *approvals.Error
	if err := old.Check(); !errors.As(err, &refused) || refused.Code != approvals.CodeBaseMoved || !strings.Contains(refused.Hint(), "exeat approve 3") {
		t.Errorf("old: %v", err)
	}
	next, err := o.Show(t.Context(), old.ReplacedBy, base)
	if err != nil {
		t.Fatal(err)
	}
	if next.Status != approvals.Pending || next.BaseRevision != 2 || next.Digest == operations.Digest || len(next.Permits) != 2 {
		t.Errorf("next %+v", next)
	}
	if !next.ExpiresAt.Equal(operations.ExpiresAt) || next.Untrusted != operations.Untrusted {
		t.Errorf("a rebase changed more than the base: %+v", next.Proposal)
	}
	if p := o.status(t, text.ID); p.Status != approvals.Superseded || p.ReplacedBy != 0 || p.Comment == "" {
		t.Errorf("whole policy %+v", p)
	}
}

func TestSweepWhereNothingIsLeftToChange(t *testing.T) {
	o := newOffice(t)
	r := o.submit(t, push())
	base := o.advance(t, 2, string(r.Candidate))
	if err := o.Sweep(t.Context(), "box1", base); err != nil {
		t.Fatal(err)
	}
	if p := o.status(t, r.ID); p.Status != approvals.Superseded || p.ReplacedBy != 0 || p.Comment == "" {
		t.Errorf("got %+v", p)
	}
	if list, _ := o.List(t.Context(), approvals.Filter{}); len(list) != 1 {
		t.Errorf("filed again: %v", list)
	}
}

// A supervisor that loads a revision at its start knows nothing of proposals.
func TestApprovedFollowsItsRevision(t *testing.T) {
	for status, want := range map[string]string{
		store.RevisionPending: approvals.Approved,
		store.RevisionLoaded:  approvals.Applied,
		store.RevisionFailed:  approvals.Rejected,
	} {
		o := newOffice(t)
		r := o.submit(t, push())
		if err := o.Store.MoveProposal(t.Context(), r.ID, []string{approvals.Pending}, store.ProposalMove{Status: approvals.Approved, Revision: 2}); err != nil {
			t.Fatal(err)
		}
		signed := revision(t, 2, string(r.Candidate))
		signed.Status = store.RevisionPending
		if err := o.Store.AddRevision(t.Context(), signed); err != nil {
			t.Fatal(err)
		}
		if err := o.Store.SetRevisionStatus(t.Context(), "box1", 2, status, ""); err != nil {
			t.Fatal(err)
		}
		if p := o.status(t, r.ID); p.Status != want {
			t.Errorf("%s: got %s, want %s", status, p.Status, want)
		}
	}
}

// The number of a revision that could not be loaded is free for another, which is not what the proposal asked for.
func TestApprovedIsNotWhatTookItsNumber(t *testing.T) {
	o := newOffice(t)
	r := o.submit(t, push())
	signed := revision(t, 2, string(r.Candidate))
	signed.Status = store.RevisionPending
	if err := o.Store.AddRevisionOf(t.Context(), r.ID, approvals.Approved, signed); err != nil {
		t.Fatal(err)
	}
	if err := o.Store.SetRevisionStatus(t.Context(), "box1", 2, store.RevisionFailed, "no"); err != nil {
		t.Fatal(err)
	}
	o.advance(t, 2, strings.Replace(basePolicy, "read-only", "full", 1)) // whoever approved was cut off before
	if p := o.status(t, r.ID); p.Status != approvals.Rejected {
		t.Errorf("got %s, want %s", p.Status, approvals.Rejected)
	}
}
