package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/store"
)

func instant(seconds int) time.Time { return time.Unix(1_800_000_000+int64(seconds), 5).UTC() }

func fullSandbox() store.Sandbox {
	return store.Sandbox{
		ID: box, Name: "demo", CreatedAt: instant(0), State: "stopped", PID: 17,
		Spec: store.Spec{
			Workdir: "/home/me/work", Command: []string{"claude", "--yes"}, NoKeep: true, EnvNames: []string{"A", "B"},
			Providers: []store.ProviderRef{{Name: "my-github", Type: "github", Hosts: []string{"github.com"}, Variables: []string{"GH_TOKEN"}}},
			Approvers: []store.Approver{{Name: "me", Fingerprint: "f", Strength: "passphrase", Public: []byte{1, 2}}},
			HostUID:   1000, HostGID: 1001, Program: &store.Program{Source: "/home/me/bin/claude", Link: "claude"},
		},
	}
}

func create(t testing.TB, st *store.Store) store.Sandbox {
	t.Helper()
	b := fullSandbox()
	if err := st.CreateSandbox(t.Context(), b, revision(1)); err != nil {
		t.Fatal(err)
	}
	return b
}

// What was stored comes back, by name, by id and in the list, in a later process.
func TestSandbox(t *testing.T) {
	d := dirs(t)
	st := open(t, d)
	want := create(t, st)
	code, started := new(int), instant(9)
	*code = 3
	state := "running"
	if err := st.UpdateSandbox(t.Context(), box, store.SandboxUpdate{State: &state, ExitCode: &code, StartedAt: &started}); err != nil {
		t.Fatal(err)
	}
	want.State, want.ExitCode, want.StartedAt = state, code, started
	st.Close()
	st = open(t, d)
	for name, find := range map[string]func() (store.Sandbox, error){
		"name": func() (store.Sandbox, error) { return st.SandboxByName(t.Context(), "demo") },
		"id":   func() (store.Sandbox, error) { return st.SandboxByID(t.Context(), box) },
		"list": func() (store.Sandbox, error) { all, err := st.Sandboxes(t.Context()); return all[0], err },
	} {
		if got, err := find(); err != nil || !cmp.Equal(got, want) {
			t.Errorf("by %s: %v\n%s", name, err, cmp.Diff(got, want))
		}
	}
	var none *int
	if err := st.UpdateSandbox(t.Context(), box, store.SandboxUpdate{ExitCode: &none}); err != nil {
		t.Fatal(err)
	}
	if got, err := st.SandboxByID(t.Context(), box); err != nil || got.ExitCode != nil || got.State != state {
		t.Errorf("cleared exit code: got %v, state %q, %v", got.ExitCode, got.State, err)
	}
}

// Every way to name something that is not there, or is there twice.
func TestNotFoundAndConflict(t *testing.T) {
	st := open(t, dirs(t))
	create(t, st)
	ctx, state := t.Context(), "x"
	if err := st.CreateProvider(ctx, store.Provider{Name: "p"}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		got, want error
	}{
		"name taken":         {st.CreateSandbox(ctx, store.Sandbox{ID: "other", Name: "demo"}, revision(1)), store.ErrConflict},
		"id taken":           {st.CreateSandbox(ctx, store.Sandbox{ID: box, Name: "other"}, revision(1)), store.ErrConflict},
		"first is not 1":     {st.CreateSandbox(ctx, store.Sandbox{ID: "other", Name: "other"}, revision(2)), store.ErrConflict},
		"sandbox by name":    {second(st.SandboxByName(ctx, "other")), store.ErrNotFound},
		"sandbox by id":      {second(st.SandboxByID(ctx, "other")), store.ErrNotFound},
		"update":             {st.UpdateSandbox(ctx, "other", store.SandboxUpdate{State: &state}), store.ErrNotFound},
		"delete":             {st.DeleteSandbox(ctx, "other"), store.ErrNotFound},
		"revision":           {second(st.Revision(ctx, box, 2)), store.ErrNotFound},
		"latest":             {second(st.LatestRevision(ctx, "other")), store.ErrNotFound},
		"revision of none":   {st.AddRevision(ctx, store.Revision{Sandbox: "other", Number: 1, Text: []byte{1}}), store.ErrNotFound},
		"status of none":     {st.SetRevisionStatus(ctx, box, 2, store.RevisionLoaded, ""), store.ErrNotFound},
		"revision again":     {st.AddRevision(ctx, revision(1)), store.ErrConflict},
		"revision too far":   {st.AddRevision(ctx, revision(3)), store.ErrConflict},
		"proposal":           {second(st.Proposal(ctx, 7)), store.ErrNotFound},
		"move of none":       {st.MoveProposal(ctx, 7, nil, store.ProposalMove{}), store.ErrNotFound},
		"proposal of none":   {second(st.AddProposal(ctx, &store.Proposal{Sandbox: "other", Text: []byte{1}})), store.ErrNotFound},
		"provider":           {second(st.Provider(ctx, "q")), store.ErrNotFound},
		"provider twice":     {st.CreateProvider(ctx, store.Provider{Name: "p"}), store.ErrConflict},
		"provider to delete": {st.DeleteProvider(ctx, "q"), store.ErrNotFound},
	} {
		if !errors.Is(test.got, test.want) {
			t.Errorf("%s: got %v, want %v", name, test.got, test.want)
		}
	}
	if boxes, err := st.Sandboxes(ctx); err != nil || len(boxes) != 1 {
		t.Errorf("got %d sandboxes, want 1: a refused one leaves nothing; %v", len(boxes), err)
	}
}

func second[T any](_ T, err error) error { return err }

// A revision that failed frees its number and is kept for the history.
func TestRevisions(t *testing.T) {
	st := open(t, dirs(t))
	create(t, st)
	ctx := t.Context()
	want := store.Revision{
		Sandbox: box, Number: 2, Digest: "d2", ParentDigest: "d1", Text: []byte("version: 1\n"), Statement: []byte("{}"),
		Signature: []byte{9}, Approver: "me", Strength: "passphrase", Source: "proposal 3", Status: store.RevisionPending, CreatedAt: instant(2),
	}
	steps := []error{
		st.SetRevisionStatus(ctx, box, 1, store.RevisionLoaded, ""),
		st.AddRevision(ctx, revision(2)),
		st.SetRevisionStatus(ctx, box, 2, store.RevisionFailed, "does not compile"),
		st.AddRevision(ctx, want),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	for name, find := range map[string]func() (store.Revision, error){
		"number": func() (store.Revision, error) { return st.Revision(ctx, box, 2) },
		"latest": func() (store.Revision, error) { return st.LatestRevision(ctx, box) },
	} {
		if got, err := find(); err != nil || !cmp.Equal(got, want) {
			t.Errorf("by %s: %v\n%s", name, err, cmp.Diff(got, want))
		}
	}
	list, err := st.Revisions(ctx, box)
	got := []string{}
	for _, r := range list {
		got = append(got, fmt.Sprintf("%d %s %s", r.Number, r.Status, r.Problem))
	}
	if diff := cmp.Diff(got, []string{"1 loaded ", "2 failed does not compile", "2 pending "}); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if err := st.SetRevisionStatus(ctx, box, 2, store.RevisionFailed, "again"); err != nil {
		t.Error(err)
	}
	if err := st.SetRevisionStatus(ctx, box, 2, store.RevisionLoaded, ""); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a failed revision came back: %v", err)
	}
}
