package grant_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"exeat/approvals"
	"exeat/approvals/grant"
	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/sandbox/control"
	"exeat/store"
)

const basePolicy = `version: 1
network_policies:
  github:
    endpoints:
      - { host: github.com, port: 443, protocol: rest, access: read-only }
    binaries:
      - { path: /usr/bin/git }
`

// signer is an open key; unsealing a real one takes a second. It spells the
// signed bytes out, so that a change of the format does not go unnoticed.
type signer struct {
	private  ed25519.PrivateKey
	approver store.Approver
}

// newSigner makes the same key for the same name.
func newSigner(name string) *signer {
	seed := sha256.Sum256([]byte(name))
	private := ed25519.NewKeyFromSeed(seed[:])
	public := private.Public().(ed25519.PublicKey)
	return &signer{private, store.Approver{Name: name, Fingerprint: seal.Fingerprint(public), Strength: seal.Passphrase, Public: public}}
}

func (s *signer) Approver() store.Approver { return s.approver }

func (s *signer) Sign(statement seal.Statement) (text, signature []byte, err error) {
	statement.Version, statement.Approver = 1, s.approver.Fingerprint
	text = statement.Bytes()
	return text, ed25519.Sign(s.private, append([]byte("exeat policy statement\x00"), text...)), nil
}

// world is a machine with one sandbox that ada signed into being.
type world struct {
	t       *testing.T
	grant   grant.Grant
	sandbox store.Sandbox
	super   *supervisor // nil while the sandbox is stopped
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	dirs := store.Dirs{State: filepath.Join(dir, "state"), Config: filepath.Join(dir, "config"), Runtime: filepath.Join(dir, "run")}
	if err := store.Prepare(dirs); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), dirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	none, err := seal.ReadAnchors(filepath.Join(dir, "no-such-list"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, grant: grant.Grant{Store: st, Dirs: dirs, Anchors: none}}
	genesis := grant.Genesis{ID: "box1", Name: "demo", Policy: parse(t, basePolicy), Spec: store.Spec{Workdir: "/home/ada/src"}}
	first, spec, err := w.grant.SignGenesis(t.Context(), genesis, newSigner("ada"))
	if err != nil {
		t.Fatal(err)
	}
	w.sandbox = store.Sandbox{ID: "box1", Name: "demo", CreatedAt: time.Now(), Spec: spec}
	if err := st.CreateSandbox(t.Context(), w.sandbox, first); err != nil {
		t.Fatal(err)
	}
	return w
}

func parse(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, problems := policy.Parse("test", []byte(text))
	if p == nil {
		t.Fatal(problems)
	}
	return p
}

func (w *world) desk() *approvals.Desk {
	return &approvals.Desk{Store: w.grant.Store, Dirs: w.grant.Dirs}
}

// propose files a rule for one more path and returns the proposal's id.
func (w *world) propose(path string) int64 {
	w.t.Helper()
	base, err := w.desk().Newest(w.t.Context(), w.sandbox.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	filed, err := w.desk().Submit(w.t.Context(), approvals.Submission{
		SandboxID: w.sandbox.ID, BaseRevision: base.Revision, Reason: "to push", Proposer: "test",
		Operations: []policy.Operation{{
			Op: policy.OpAddRule, Block: "github", Host: "github.com", Port: 443,
			Rule: &policy.RuleSpec{Method: "POST", Path: path},
		}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return filed.Review.ID
}

func (w *world) prepare(r grant.Request) *grant.Pending {
	w.t.Helper()
	p, err := grant.Prepare(w.t.Context(), w.grant, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) commit(p *grant.Pending) grant.Result {
	w.t.Helper()
	result, err := p.Commit(w.t.Context(), newSigner("ada"))
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) status(id int64) approvals.Proposal {
	w.t.Helper()
	p, err := w.desk().Get(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) revision(number int) store.Revision {
	w.t.Helper()
	r, err := w.grant.Store.Revision(w.t.Context(), w.sandbox.ID, number)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// supervisor does what a real one does with revisions, and no more.
type supervisor struct {
	control.Handler // nil: what is not below is never called here

	store   *store.Store
	sandbox store.Sandbox

	mu     sync.Mutex
	now    store.Revision // guarded by mu
	chain  *seal.Chain    // guarded by mu
	refuse error          // guarded by mu; what the next load answers
	lose   bool           // guarded by mu; load, and answer too late
	lie    []byte         // guarded by mu; policy text to claim instead
}

// start brings the sandbox up at its newest revision; it ends with the test or stop.
func (w *world) start() (stop func()) {
	w.t.Helper()
	revisions, err := w.grant.Store.Revisions(w.t.Context(), w.sandbox.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	chain, err := seal.Replay(w.sandbox, revisions, w.sandbox.Spec.Approvers)
	if err != nil {
		w.t.Fatal(err)
	}
	listener, err := control.Listen(w.grant.Dirs.Socket(w.sandbox.ID))
	if err != nil {
		w.t.Fatal(err)
	}
	w.super = &supervisor{store: w.grant.Store, sandbox: w.sandbox, now: revisions[len(revisions)-1], chain: chain}
	server := &control.Server{Handler: w.super, Logger: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
		w.super = nil
	})
	w.t.Cleanup(stop)
	return stop
}

func (s *supervisor) Policy(context.Context) (control.Policy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := control.Policy{Revision: s.now.Number, Text: string(s.now.Text), Statement: s.now.Statement}
	if s.lie != nil {
		p.Text = string(s.lie)
	}
	return p, nil
}

func (s *supervisor) Load(ctx context.Context, number int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuse; err != nil {
		s.refuse = nil
		return err
	}
	revision, err := s.store.Revision(ctx, s.sandbox.ID, number)
	if err != nil {
		return err
	}
	want, err := seal.Expected(s.sandbox, revision, s.now.Digest)
	if err == nil {
		err = s.chain.Accept(revision.Statement, revision.Signature, want)
	}
	if err != nil {
		return control.Errorf(control.CodeRefused, "%v", err)
	}
	s.now = revision
	if s.lose {
		return errors.New("the answer got lost")
	}
	return nil
}

func (s *supervisor) Status(context.Context) (control.Status, error)    { return control.Status{}, nil }
func (s *supervisor) Await(ctx context.Context, after int) (int, error) { return after + 1, nil }
func (s *supervisor) Stop(context.Context) error                        { return nil }
func (s *supervisor) Exec(context.Context, control.ExecRequest) (*control.Started, error) {
	return nil, errors.New("not here")
}
