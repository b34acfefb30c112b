package grant_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"exeat/approvals"
	"exeat/approvals/grant"
	"exeat/approvals/seal"
	"exeat/store"
)

const gitPush = "/acme/widgets.git/git-receive-pack"

func TestApproveOnARunningSandbox(t *testing.T) {
	w := newWorld(t)
	w.start()
	id := w.propose(gitPush)
	p := w.prepare(grant.Request{Proposal: id})
	if !p.Running || len(p.Review.Permits) != 1 {
		t.Errorf("review %+v", p.Review)
	}
	result := w.commit(p)
	if result.Revision != 2 || !result.Loaded || result.Waiting != "" {
		t.Errorf("result %+v", result)
	}
	if got := w.super.now; got.Number != 2 || string(got.Text) != string(p.Review.Candidate) {
		t.Errorf("in force: revision %d\n%s", got.Number, got.Text)
	}
	if got := w.status(id); got.Status != approvals.Applied || got.Revision != 2 {
		t.Errorf("proposal %+v", got)
	}
	if got := w.revision(2); got.Status != store.RevisionLoaded || got.Source != "proposal 1" || got.Strength != seal.Passphrase {
		t.Errorf("revision %+v", got)
	}
}

// Each approval contains the head of the audit log as it was, and is itself an
// entry: a tail cut before the last approval is located by its statement.
func TestApprovalsAreAudited(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.commit(w.prepare(grant.Request{Proposal: w.propose(gitPush)}))
	w.commit(w.prepare(grant.Request{Proposal: w.propose("/x")}))
	entries, err := w.grant.Store.Audit(t.Context(), 0, 100)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i, entry := range entries {
		statement, err := seal.Decode(w.revision(i + 1).Statement)
		if err != nil {
			t.Fatal(err)
		}
		if statement.AuditLength != int64(i) || statement.AuditHead != entry.Prev {
			t.Errorf("statement %d has audit %d %.8s, before it were %d entries %.8s", i+1, statement.AuditLength, statement.AuditHead, i, entry.Prev)
		}
		var detail struct{ Statement string }
		if err := json.Unmarshal(entry.Detail, &detail); err != nil || detail.Statement != seal.Digest(w.revision(i+1).Statement) {
			t.Errorf("entry %d: %s, %v", i+1, entry.Detail, err)
		}
		if !strings.HasPrefix(entry.Actor, "ada SHA256:") {
			t.Errorf("actor %q", entry.Actor)
		}
	}
}

func TestApproveOnAStoppedSandbox(t *testing.T) {
	w := newWorld(t)
	id := w.propose(gitPush)
	result := w.commit(w.prepare(grant.Request{Proposal: id}))
	if result.Loaded || result.Waiting != "in force at next start" {
		t.Errorf("result %+v", result)
	}
	if got := w.status(id).Status; got != approvals.Approved {
		t.Errorf("proposal is %s", got)
	}
	// A second one stands on the first, though nobody has loaded that yet.
	if got := w.commit(w.prepare(grant.Request{Proposal: w.propose("/x")})); got.Revision != 3 {
		t.Errorf("second result %+v", got)
	}
	w.start()
	if w.super.now.Number != 3 {
		t.Errorf("started at revision %d", w.super.now.Number)
	}
}

func TestPolicySet(t *testing.T) {
	w := newWorld(t)
	w.start()
	wide := strings.Replace(basePolicy, "read-only", "read-write", 1) + "filesystem_policy:\n  read_only: [/opt]\n"
	p := w.prepare(grant.Request{SandboxID: "box1", File: "new.yaml", Text: []byte(wide)})
	if len(p.Static) == 0 || p.Unchanged || len(p.Review.Permits) == 0 {
		t.Errorf("pending %+v", p)
	}
	if got := w.commit(p); got.Revision != 2 || !got.Loaded {
		t.Errorf("result %+v", got)
	}
	if strings.Contains(string(w.revision(2).Text), "/opt") {
		t.Error("a static section was taken over")
	}
	same := w.prepare(grant.Request{SandboxID: "box1", File: "new.yaml", Text: []byte(wide)})
	if !same.Unchanged || len(same.Static) == 0 {
		t.Errorf("the same file again: %+v", same)
	}
	if got := w.commit(same); got.Revision != 2 || !got.Loaded {
		t.Errorf("unchanged: %+v", got)
	}
	if _, err := grant.Prepare(t.Context(), w.grant, grant.Request{SandboxID: "box1", File: "bad.yaml", Text: []byte("version: 2")}); err == nil || !strings.Contains(err.Error(), "bad.yaml") {
		t.Errorf("bad file: %v", err)
	}
}

func TestPrepareRefuses(t *testing.T) {
	w := newWorld(t)
	frozen := grant.Genesis{ID: "ice", Name: "ice", Policy: parse(t, basePolicy)}
	first, spec := frozen.Frozen()
	if err := w.grant.Store.CreateSandbox(t.Context(), store.Sandbox{ID: "ice", Name: "ice", Spec: spec}, first); err != nil {
		t.Fatal(err)
	}
	id := w.propose(gitPush)
	rejected := w.propose("/x")
	if _, err := w.desk().Reject(t.Context(), rejected, "no"); err != nil {
		t.Fatal(err)
	}
	others := w.grant
	others.Approver = newSigner("eve").Approver().Fingerprint
	for _, test := range []struct {
		name    string
		grant   grant.Grant
		request grant.Request
		want    string
	}{
		{"a frozen sandbox", w.grant, grant.Request{SandboxID: "ice", Text: []byte(basePolicy)}, "frozen"},
		{"no sandbox", w.grant, grant.Request{SandboxID: "none", Text: []byte(basePolicy)}, "no such sandbox"},
		{"no proposal", w.grant, grant.Request{Proposal: 99}, "no proposal 99"},
		{"a rejected proposal", w.grant, grant.Request{Proposal: rejected}, "is rejected"},
		{"another's key", others, grant.Request{Proposal: id}, "no approver of sandbox \"demo\""},
	} {
		_, err := grant.Prepare(t.Context(), test.grant, test.request)
		var hinted interface{ Hint() string }
		if err == nil || !strings.Contains(err.Error(), test.want) || !errors.As(err, &hinted) || hinted.Hint() == "" {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// The key of somebody who is no approver signs, and nothing comes of it.
func TestCommitWithAnotherKey(t *testing.T) {
	w := newWorld(t)
	w.start()
	id := w.propose(gitPush)
	p := w.prepare(grant.Request{Proposal: id})
	if _, err := p.Commit(t.Context(), newSigner("eve")); !errors.Is(err, seal.ErrUnknownApprover) {
		t.Errorf("got %v", err)
	}
	if got := w.status(id).Status; got != approvals.Pending || w.super.now.Number != 1 {
		t.Errorf("proposal is %s, revision %d in force", got, w.super.now.Number)
	}
}

// Two humans read the same proposal, or two changes on one base: one is told yes.
func TestTheBaseMovesBetweenReviewAndSignature(t *testing.T) {
	w := newWorld(t)
	w.start()
	id, other := w.propose(gitPush), w.propose("/x")
	slow, fast := w.prepare(grant.Request{Proposal: id}), w.prepare(grant.Request{Proposal: other})
	w.commit(fast)
	if _, err := slow.Commit(t.Context(), newSigner("ada")); !errors.Is(err, grant.ErrBaseMoved) {
		t.Errorf("got %v", err)
	}
	old := w.status(id)
	if old.Status != approvals.Superseded || old.ReplacedBy == 0 {
		t.Fatalf("old %+v", old)
	}
	if _, err := grant.Prepare(t.Context(), w.grant, grant.Request{Proposal: id}); err == nil || !strings.Contains(err.Error(), "proposal 3") {
		t.Errorf("approve the old one: %v", err)
	}
	if got := w.commit(w.prepare(grant.Request{Proposal: old.ReplacedBy})); got.Revision != 3 {
		t.Errorf("its successor: %+v", got)
	}
}

func TestRejectedBetweenReviewAndSignature(t *testing.T) {
	w := newWorld(t)
	w.start()
	id := w.propose(gitPush)
	p := w.prepare(grant.Request{Proposal: id})
	if _, err := w.desk().Reject(t.Context(), id, "no"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Commit(t.Context(), newSigner("ada")); err == nil || !strings.Contains(err.Error(), "rejected") {
		t.Errorf("got %v", err)
	}
	if w.super.now.Number != 1 {
		t.Error("it is in force")
	}
}

// Where root has listed approvers, no other key signs a sandbox into being or changes one.
func TestAnchors(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root can make the list; package seal tests that others' lists are refused
	}
	w := newWorld(t)
	list := filepath.Join(t.TempDir(), "approvers")
	if err := os.WriteFile(list, []byte(seal.AnchorLine(newSigner("eve").Approver())), 0o644); err != nil {
		t.Fatal(err)
	}
	anchored := w.grant
	var err error
	if anchored.Anchors, err = seal.ReadAnchors(list); err != nil {
		t.Fatal(err)
	}
	id := w.propose(gitPush)
	if _, err := grant.Prepare(t.Context(), anchored, grant.Request{Proposal: id}); !errors.Is(err, seal.ErrUnknownApprover) {
		t.Errorf("approve: %v", err)
	}
	genesis := grant.Genesis{ID: "box2", Name: "two", Policy: parse(t, basePolicy)}
	if _, _, err := anchored.SignGenesis(t.Context(), genesis, newSigner("ada")); err == nil {
		t.Error("create with an unlisted key")
	}
	if _, _, err := anchored.SignGenesis(t.Context(), genesis, newSigner("eve")); err != nil {
		t.Errorf("create with a listed key: %v", err)
	}
}

// From the signature to the supervisor's answer there is time for little.
func TestCommitIsQuick(t *testing.T) {
	w := newWorld(t)
	w.start()
	var took []time.Duration
	for _, path := range []string{"/a", "/b", "/c", "/d", "/e"} {
		p := w.prepare(grant.Request{Proposal: w.propose(path)})
		began := time.Now()
		w.commit(p)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("median %v", took[len(took)/2])
	if median := took[len(took)/2]; median > time.Second {
		t.Errorf("median %v", median)
	}
}
