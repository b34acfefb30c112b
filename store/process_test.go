package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"exeat/store"
)

const (
	writers = 8
	rounds  = 40
)

// Eight processes that begin with nothing create one database between them and
// lose none of what they write; two of them never get the same revision.
func TestManyProcesses(t *testing.T) {
	base := t.TempDir()
	var start, ends []func() error
	for range writers {
		c := child(t, "write", base)
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		start, ends = append(start, in.Close), append(ends, c.Wait)
	}
	for _, f := range append(start, ends...) {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	st := open(t, below(base))
	if n, err := st.VerifyAudit(t.Context()); err != nil || n != writers*rounds {
		t.Errorf("audit has %d good entries, want %d; %v", n, writers*rounds, err)
	}
	boxes, err := st.Sandboxes(t.Context())
	if err != nil || len(boxes) != 1 {
		t.Fatalf("got %d sandboxes, want the 1 that won; %v", len(boxes), err)
	}
	list, err := st.Revisions(t.Context(), boxes[0].ID)
	if err != nil || len(list) != 1+writers*rounds {
		t.Errorf("got %d revisions, want %d; %v", len(list), 1+writers*rounds, err)
	}
	for i, r := range list {
		if r.Number != i+1 {
			t.Fatalf("revision %d is at place %d", r.Number, i+1)
		}
	}
	proposals, err := st.Proposals(t.Context(), store.ProposalFilter{Sandbox: boxes[0].ID})
	if err != nil || len(proposals) != rounds {
		t.Errorf("got %d proposals, want %d: the same candidate is one; %v", len(proposals), rounds, err)
	}
}

func writeManyThings(d store.Dirs) error {
	ctx := context.Background()
	waitForParent()
	if err := store.Prepare(d); err != nil {
		return err
	}
	st, err := store.Open(ctx, d)
	if err != nil {
		return err
	}
	defer st.Close()
	err = st.CreateSandbox(ctx, store.Sandbox{ID: box, Name: "shared"}, revision(1))
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return err
	}
	for i := range rounds {
		if err := writeOnce(ctx, st, i); err != nil {
			return err
		}
	}
	return nil
}

func writeOnce(ctx context.Context, st *store.Store, i int) error {
	if _, err := st.AppendAudit(ctx, store.AuditEntry{Actor: fmt.Sprint(os.Getpid()), Action: "test"}); err != nil {
		return err
	}
	p := store.Proposal{Sandbox: box, BaseRevision: 1, BaseDigest: "base", Digest: fmt.Sprint("candidate ", i), Text: []byte("x")}
	if _, err := st.AddProposal(ctx, &p); err != nil {
		return err
	}
	for {
		latest, err := st.LatestRevision(ctx, box)
		if err != nil {
			return err
		}
		err = st.AddRevision(ctx, revision(latest.Number+1))
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

func revision(number int) store.Revision {
	return store.Revision{Sandbox: box, Number: number, Digest: fmt.Sprint("digest ", number), Text: []byte("version: 1\n"), Source: "test"}
}
