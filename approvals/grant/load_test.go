package grant_test

import (
	"errors"
	"strings"
	"testing"

	"exeat/approvals"
	"exeat/approvals/grant"
	"exeat/approvals/seal"
	"exeat/sandbox/control"
	"exeat/store"
)

func TestALoadThatFails(t *testing.T) {
	w := newWorld(t)
	w.start()
	id := w.propose(gitPush)
	p := w.prepare(grant.Request{Proposal: id})
	w.super.refuse = control.Errorf(control.CodeInvalid, "block github does not compile").WithHint("exeat policy check")
	_, err := p.Commit(t.Context(), newSigner("ada"))
	var hinted interface{ Hint() string }
	if !errors.Is(err, grant.ErrNotLoaded) || !strings.Contains(err.Error(), "does not compile") || !errors.As(err, &hinted) || hinted.Hint() == "" {
		t.Errorf("got %v", err)
	}
	if got := w.revision(2); got.Status != store.RevisionFailed || !strings.Contains(got.Problem, "does not compile") {
		t.Errorf("revision %+v", got)
	}
	if got := w.status(id); got.Status != approvals.Rejected || !strings.Contains(got.Comment, "does not compile") {
		t.Errorf("proposal %+v", got)
	}
	// Its number is free again.
	if got := w.commit(w.prepare(grant.Request{Proposal: w.propose("/x")})); got.Revision != 2 || !got.Loaded {
		t.Errorf("the next one: %+v", got)
	}
}

// What the supervisor enforces decides, not whether its answer arrived.
func TestALostAnswer(t *testing.T) {
	w := newWorld(t)
	w.start()
	p := w.prepare(grant.Request{Proposal: w.propose(gitPush)})
	w.super.lose = true
	if got := w.commit(p); !got.Loaded || w.revision(2).Status != store.RevisionLoaded {
		t.Errorf("result %+v", got)
	}
}

// A revision that was signed and not loaded comes first, and one that cannot
// be loaded any more takes those above it along.
func TestSignedEarlier(t *testing.T) {
	for _, fails := range []bool{false, true} {
		w := newWorld(t)
		stop := w.start()
		first, chain := w.super.now, w.super.chain
		stop()
		w.commit(w.prepare(grant.Request{Proposal: w.propose("/a")}))
		w.commit(w.prepare(grant.Request{Proposal: w.propose("/b")}))
		w.start()
		w.super.now, w.super.chain = first, chain // it never heard of them
		if fails {
			w.super.refuse = control.Errorf(control.CodeInvalid, "no")
		}
		id := w.propose("/c")
		p, err := grant.Prepare(t.Context(), w.grant, grant.Request{Proposal: id})
		if fails {
			id = w.status(id).ReplacedBy
			if err == nil || id == 0 {
				t.Fatalf("a proposal on a void base: %v", err)
			}
			p = w.prepare(grant.Request{Proposal: id})
			if got := w.commit(p); got.Revision != 2 || !got.Loaded {
				t.Errorf("after void ones: %+v", got)
			}
			continue
		}
		if err != nil || len(p.Notes) != 2 {
			t.Fatalf("notes %q, %v", p.Notes, err)
		}
		if got := w.commit(p); got.Revision != 4 || !got.Loaded {
			t.Errorf("after catching up: %+v", got)
		}
	}
}

// A base that nobody signed would hide what a candidate adds to it.
func TestAForgedBase(t *testing.T) {
	wide := parse(t, strings.Replace(basePolicy, "read-only", "full", 1))
	forged := store.Revision{
		Sandbox: "box1", Number: 2, Text: wide.Text(), Digest: wide.Digest(), ParentDigest: parse(t, basePolicy).Digest(), Status: store.RevisionLoaded,
	}
	t.Run("in the store of a stopped sandbox", func(t *testing.T) {
		w := newWorld(t)
		if err := w.grant.Store.AddRevision(t.Context(), forged); err != nil {
			t.Fatal(err)
		}
		_, err := grant.Prepare(t.Context(), w.grant, grant.Request{SandboxID: "box1", Text: []byte(basePolicy)})
		if !errors.Is(err, seal.ErrMalformed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("in the store of a running sandbox", func(t *testing.T) {
		w := newWorld(t)
		w.start()
		if err := w.grant.Store.AddRevision(t.Context(), forged); err != nil {
			t.Fatal(err)
		}
		p := w.prepare(grant.Request{SandboxID: "box1", Text: []byte(basePolicy)})
		if !p.Unchanged || w.super.now.Number != 1 {
			t.Errorf("base is not what the supervisor enforces: %+v", p.Review)
		}
	})
	t.Run("from a supervisor that is none", func(t *testing.T) {
		w := newWorld(t)
		w.start()
		w.super.lie = wide.Text()
		_, err := grant.Prepare(t.Context(), w.grant, grant.Request{SandboxID: "box1", Text: []byte(basePolicy)})
		if err == nil || !strings.Contains(err.Error(), "not the one in its record") {
			t.Errorf("got %v", err)
		}
	})
}

// Where it could not be written that a revision is in force, that is made up for with the next change.
func TestUnmarkedIsMarkedLater(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.commit(w.prepare(grant.Request{Proposal: w.propose(gitPush)}))
	if err := w.grant.Store.SetRevisionStatus(t.Context(), w.sandbox.ID, 2, store.RevisionPending, ""); err != nil {
		t.Fatal(err)
	}
	w.prepare(grant.Request{Proposal: w.propose("/other")})
	if r := w.revision(2); r.Status != store.RevisionLoaded {
		t.Errorf("revision 2 is %s", r.Status)
	}
}
