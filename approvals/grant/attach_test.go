package grant_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"exeat/approvals/grant"
	"exeat/approvals/seal"
	"exeat/store"
)

func lend(name string) *store.ProviderRef {
	return &store.ProviderRef{Name: name, Type: "github", Hosts: []string{"github.com", "api.github.com/repos"}, Variables: []string{"TOKEN_" + name}}
}

func (w *world) attach(name string) *grant.Pending {
	w.t.Helper()
	return w.prepare(grant.Request{SandboxID: w.sandbox.ID, Source: "sandbox provider attach " + name, Attach: lend(name)})
}

// Who attaches reads which requests carry the secret, and signs that and nothing of the policy.
func TestAttach(t *testing.T) {
	w := newWorld(t)
	stop := w.start()
	p := w.attach("one")
	permits := strings.Join(p.Review.Permits, "\n")
	if p.Unchanged || !strings.Contains(permits, `requests to api.github.com/repos may carry the secret of provider "one" (github)`) || len(p.Review.Findings) != 1 {
		t.Errorf("review %+v", p.Review)
	}
	if other := w.attach("two"); other.Review.Digest == p.Review.Digest || p.Review.Short != p.Review.Digest[:6] {
		t.Error("two providers have one digest")
	}
	if result := w.commit(p); result.Revision != 2 || !result.Loaded {
		t.Errorf("result %+v", result)
	}
	first, second := w.revision(1), w.revision(2)
	if string(first.Text) != string(second.Text) || len(second.Providers) != 1 || second.Providers[0].Name != "one" {
		t.Errorf("revision %+v", second)
	}
	w.commit(w.prepare(grant.Request{Proposal: w.propose(gitPush)}))
	if third := w.revision(3); len(third.Providers) != 1 {
		t.Errorf("a change of the policy lost the provider: %+v", third)
	}
	stop()
	w.start() // replays all of it
	for name, want := range map[string]string{"one": `provider "one" is attached to sandbox "demo" already`} {
		_, err := grant.Prepare(t.Context(), w.grant, grant.Request{SandboxID: w.sandbox.ID, Source: "x", Attach: lend(name)})
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	same := lend("two")
	same.Variables = lend("one").Variables
	if _, err := grant.Prepare(t.Context(), w.grant, grant.Request{SandboxID: w.sandbox.ID, Source: "x", Attach: same}); err == nil {
		t.Error("two providers set one variable")
	}
}

// The row says which providers a revision has, and the signature whether that is so.
func TestProvidersOfARevisionAreSigned(t *testing.T) {
	w := newWorld(t)
	w.commit(w.attach("one"))
	for name, change := range map[string]func(*store.Revision){
		"another host":    func(r *store.Revision) { r.Providers[0].Hosts = []string{"evil.example"} },
		"another name":    func(r *store.Revision) { r.Providers[0].Name = "two" },
		"another type":    func(r *store.Revision) { r.Providers[0].Type = "generic" },
		"one more":        func(r *store.Revision) { r.Providers = append(r.Providers, *lend("two")) },
		"none":            func(r *store.Revision) { r.Providers = []store.ProviderRef{} },
		"those of create": func(r *store.Revision) { r.Providers = nil },
	} {
		forged := w.revision(2)
		change(&forged)
		if _, err := seal.Replay(w.sandbox, []store.Revision{w.revision(1), forged}, w.sandbox.Spec.Approvers); !errors.Is(err, seal.ErrAuthority) {
			t.Errorf("%s: got %v, want ErrAuthority", name, err)
		}
	}
}

// What was detached is signed away by the next change, and does not come back with one that was read before.
func TestDetachBesideChanges(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.commit(w.attach("one"))
	late := w.prepare(grant.Request{Proposal: w.propose(gitPush)})
	if err := w.grant.Store.DetachProvider(t.Context(), w.sandbox.ID, "one", 2); err != nil {
		t.Fatal(err)
	}
	if _, err := late.Commit(t.Context(), newSigner("ada")); !errors.Is(err, grant.ErrBaseMoved) {
		t.Errorf("got %v, want ErrBaseMoved", err)
	}
	w.commit(w.prepare(grant.Request{Proposal: w.propose("/other")}))
	// It was created without a provider, so nothing has to be said of there being none.
	if third := w.revision(3); len(third.Providers) != 0 {
		t.Errorf("revision %+v", third)
	}
	w.commit(w.attach("one"))
	if fourth := w.revision(4); !slices.ContainsFunc(fourth.Providers, func(p store.ProviderRef) bool { return p.Name == "one" }) {
		t.Errorf("revision %+v", fourth)
	}
}
