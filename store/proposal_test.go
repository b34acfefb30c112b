package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/store"
)

// The same candidate on the same base is one proposal while it is pending, and a
// new one once it was decided. A deleted sandbox takes its records with it.
func TestProposals(t *testing.T) {
	st := open(t, dirs(t))
	create(t, st)
	ctx := t.Context()
	first := store.Proposal{
		Sandbox: box, BaseRevision: 1, BaseDigest: "b", Digest: "c", Text: []byte("t"), Operations: []byte("[]"), Reason: "to push",
		DenialIDs: []int64{4, 5}, Proposer: "mcp", CreatedAt: instant(1), ExpiresAt: instant(2),
	}
	if existing, err := st.AddProposal(ctx, &first); existing || err != nil || first.ID == 0 {
		t.Fatal(existing, err, first.ID)
	}
	again := store.Proposal{Sandbox: box, BaseRevision: 1, BaseDigest: "b", Digest: "c", Text: []byte("t"), Reason: "other words"}
	if existing, err := st.AddProposal(ctx, &again); !existing || err != nil || !cmp.Equal(again, first) {
		t.Errorf("same candidate: existing %v, %v\n%s", existing, err, cmp.Diff(again, first))
	}
	if got, err := st.Proposal(ctx, first.ID); err != nil || !cmp.Equal(got, first) {
		t.Error(err, cmp.Diff(got, first))
	}
	move := store.ProposalMove{Status: "rejected", Comment: "too wide"}
	if err := st.MoveProposal(ctx, first.ID, []string{store.ProposalPending}, move); err != nil {
		t.Fatal(err)
	}
	if err := st.MoveProposal(ctx, first.ID, []string{store.ProposalPending}, store.ProposalMove{Status: "approved"}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("moved twice: %v", err)
	}
	if got, err := st.Proposal(ctx, first.ID); err != nil || got.Status != "rejected" || got.Comment != "too wide" || got.DecidedAt.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	later := store.Proposal{Sandbox: box, BaseRevision: 1, BaseDigest: "b", Digest: "c", Text: []byte("t")}
	if existing, err := st.AddProposal(ctx, &later); existing || err != nil || later.ID <= first.ID {
		t.Errorf("after the rejection: existing %v, id %d after %d, %v", existing, later.ID, first.ID, err)
	}
	wantProposals(t, st, store.ProposalFilter{Sandbox: box}, first.ID, later.ID)
	wantProposals(t, st, store.ProposalFilter{Limit: 1}, later.ID)
	wantProposals(t, st, store.ProposalFilter{Status: "rejected"}, first.ID)
	wantProposals(t, st, store.ProposalFilter{Sandbox: "other"})
	if err := st.DeleteSandbox(ctx, box); err != nil {
		t.Fatal(err)
	}
	wantProposals(t, st, store.ProposalFilter{})
}

// A proposal is approved with the revision it becomes, or not at all.
func TestAddRevisionOf(t *testing.T) {
	st := open(t, dirs(t))
	create(t, st)
	p := store.Proposal{Sandbox: box, BaseRevision: 1, BaseDigest: "b", Digest: "c", Text: []byte("t")}
	if _, err := st.AddProposal(t.Context(), &p); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		number int
		err    error
		status string
		newest int
	}{{3, store.ErrConflict, store.ProposalPending, 1}, {2, nil, "approved", 2}, {3, store.ErrConflict, "approved", 2}} {
		if err := st.AddRevisionOf(t.Context(), p.ID, "approved", revision(c.number)); !errors.Is(err, c.err) {
			t.Errorf("revision %d: got %v, want %v", c.number, err, c.err)
		}
		got, err := st.Proposal(t.Context(), p.ID)
		newest, newestErr := st.LatestRevision(t.Context(), box)
		if errors.Join(err, newestErr) != nil || got.Status != c.status || newest.Number != c.newest {
			t.Errorf("revision %d: proposal is %s, newest revision %d", c.number, got.Status, newest.Number)
		}
	}
}

func wantProposals(t *testing.T, st *store.Store, f store.ProposalFilter, want ...int64) {
	t.Helper()
	list, err := st.Proposals(t.Context(), f)
	var got []int64
	for _, p := range list {
		got = append(got, p.ID)
	}
	if diff := cmp.Diff(got, want); err != nil || diff != "" {
		t.Errorf("%+v: %v\n%s", f, err, diff)
	}
}

func TestProviders(t *testing.T) {
	st := open(t, dirs(t))
	want := []store.Provider{
		{Name: "a", Type: "generic", CreatedAt: instant(1)},
		{Name: "b", Type: "github", Variables: []string{"GH_TOKEN"}, Hosts: []string{"github.com"}, Fingerprint: "f", CreatedAt: instant(2), Source: store.Source{Kind: store.SourceFile, Path: "/k"}},
	}
	for _, p := range []store.Provider{want[1], want[0]} {
		if err := st.CreateProvider(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := st.Providers(t.Context()); err != nil || !cmp.Equal(got, want) {
		t.Error(err, cmp.Diff(got, want))
	}
	if err := st.DeleteProvider(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if got, err := st.Provider(t.Context(), "b"); err != nil || !cmp.Equal(got, want[1]) {
		t.Error(err, cmp.Diff(got, want[1]))
	}
	next := want[1]
	next.Fingerprint, next.Keyring, next.Source = "g", true, store.Source{Kind: store.SourceCommand, Command: []string{"gh", "auth", "token"}}
	if err := st.UpdateProvider(t.Context(), next); err != nil {
		t.Error(err)
	}
	if got, err := st.Provider(t.Context(), "b"); err != nil || !cmp.Equal(got, next) {
		t.Error(err, cmp.Diff(got, next))
	}
	if err := st.UpdateProvider(t.Context(), store.Provider{Name: "a"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// A detached provider stays away from the revisions there are, and comes back
// with one that was signed for it.
func TestDetached(t *testing.T) {
	st := open(t, dirs(t))
	create(t, st)
	sandbox, err := st.SandboxByID(t.Context(), box)
	if err != nil {
		t.Fatal(err)
	}
	mine, other := sandbox.Spec.Providers, []store.ProviderRef{{Name: "other", Type: "npm"}}
	lent := func(under store.Revision, want []store.ProviderRef) {
		t.Helper()
		if got, err := st.Lent(t.Context(), sandbox, under); err != nil || len(got) != len(want) || len(want) > 0 && !cmp.Equal(got, want) {
			t.Errorf("under %d: got %v, %v, want %v", under.Number, got, err, want)
		}
	}
	lent(store.Revision{Number: 1}, mine)
	lent(store.Revision{Number: 2, Providers: append(other, mine...)}, append(other, mine...))
	for range 2 {
		if err := st.DetachProvider(t.Context(), box, "my-github", 2); err != nil {
			t.Error(err)
		}
	}
	lent(store.Revision{Number: 1}, nil)
	lent(store.Revision{Number: 2, Providers: append(other, mine...)}, other)
	lent(store.Revision{Number: 3, Providers: mine}, mine)
	lent(store.Revision{Number: 3, Providers: []store.ProviderRef{}}, nil)
	if err := st.DeleteSandbox(t.Context(), box); err != nil {
		t.Errorf("delete a sandbox with a detached provider: %v", err)
	}
}
