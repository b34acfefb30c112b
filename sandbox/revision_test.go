package sandbox_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/sandbox"
	"exeat/sandbox/control"
	"exeat/sandbox/early"
	"exeat/store"
)

// ada is one approver for all tests: her key is sealed slowly, as it must be.
var ada = sync.OnceValues(func() (*seal.Signer, error) {
	const passphrase = "lusab-babad-gutih-tugad"
	key, _, err := seal.Generate("ada", passphrase)
	if err != nil {
		return nil, err
	}
	return key.Open(passphrase)
})

// approved is a sandbox with an approver, and the line of statements it has.
type approved struct {
	t      *testing.T
	boxes  *sandbox.Sandboxes
	signer *seal.Signer
	row    store.Sandbox
	last   store.Revision
}

func newApproved(t *testing.T, boxes *sandbox.Sandboxes) *approved {
	t.Helper()
	signer, err := ada()
	if err != nil {
		t.Fatal(err)
	}
	a := &approved{t: t, boxes: boxes, signer: signer}
	a.row = store.Sandbox{ID: early.NewID(), Name: "box", Spec: store.Spec{Approvers: []store.Approver{signer.Approver()}}}
	a.last = a.sign(testPolicy, nil)
	a.last.Status = store.RevisionLoaded
	create(t, boxes, sandbox.CreateArgs{ID: a.row.ID, Name: "box", Spec: a.row.Spec, Revision: a.last})
	return a
}

// sign makes the next revision; change may spoil its statement.
func (a *approved) sign(text string, change func(*seal.Statement)) store.Revision {
	a.t.Helper()
	p, problems := policy.Parse("test.yaml", []byte(text))
	if p == nil {
		a.t.Fatal(problems)
	}
	r := store.Revision{
		Sandbox: a.row.ID, Number: a.last.Number + 1, Digest: p.Digest(), ParentDigest: a.last.Digest, Text: p.Text(), Source: "test",
	}
	s := seal.Statement{
		Sandbox: a.row.ID, Sequence: r.Number, Policy: r.Digest, Authority: seal.AuthorityOf(a.row.Spec, p).Digest(), Time: time.Now(),
	}
	if a.last.Number > 0 {
		s.Previous = seal.Digest(a.last.Statement)
	}
	if change != nil {
		change(&s)
	}
	var err error
	if r.Statement, r.Signature, err = a.signer.Sign(s); err != nil {
		a.t.Fatal(err)
	}
	return r
}

func (a *approved) add(r store.Revision) {
	a.t.Helper()
	if err := a.boxes.Store.AddRevision(a.t.Context(), r); err != nil {
		a.t.Fatal(err)
	}
}

func (a *approved) load(number int) error {
	a.t.Helper()
	client, err := a.boxes.Connect(a.t.Context(), "box")
	if err != nil {
		a.t.Fatal(err)
	}
	return client.Load(a.t.Context(), number)
}

// wider grants one more host.
var wider = strings.Replace(testPolicy, "{ host: api.example.com,", "{ host: api.example.org,", 1)

func TestLoadSigned(t *testing.T) {
	boxes := newBoxes(t)
	a := newApproved(t, boxes)
	client, err := boxes.Connect(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	awaited := make(chan int, 1)
	go func() {
		revision, _ := client.Await(t.Context(), 1)
		awaited <- revision
	}()
	next := a.sign(wider, nil)
	a.add(next)
	if err := a.load(2); err != nil {
		t.Fatal(err)
	}
	if got := <-awaited; got != 2 {
		t.Errorf("got %d awaited, want 2", got)
	}
	revision, text, statement, err := client.Policy(t.Context())
	if err != nil || revision != 2 || string(text) != string(next.Text) || string(statement) != string(next.Statement) {
		t.Errorf("got revision %d, %v", revision, err)
	}
	if err := a.load(2); err != nil {
		t.Errorf("loading twice: %v", err)
	}
	if stored, err := boxes.Store.Revision(t.Context(), a.row.ID, 2); err != nil || stored.Status != store.RevisionLoaded {
		t.Errorf("got status %q, %v", stored.Status, err)
	}
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	a.last = next
	third := a.sign(testPolicy, nil)
	a.add(third)
	if _, err := boxes.Start(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if s := status(t, boxes, "box"); s.Revision != 3 || s.Digest != third.Digest {
		t.Errorf("after a start: got revision %d, want what was signed meanwhile", s.Revision)
	}
}

// Where it could not be written that a revision was loaded, as on a full disk, the next one is signed on top of
// it, and the sandbox starts again.
func TestStartAfterAnUnmarkedRevision(t *testing.T) {
	boxes := newBoxes(t)
	a := newApproved(t, boxes)
	for _, text := range []string{wider, testPolicy} {
		a.last = a.sign(text, nil)
		a.add(a.last)
		if err := a.load(a.last.Number); err != nil {
			t.Fatal(err)
		}
	}
	if err := boxes.Store.SetRevisionStatus(t.Context(), a.row.ID, 2, store.RevisionPending, ""); err != nil {
		t.Fatal(err)
	}
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if _, err := boxes.Start(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if s := status(t, boxes, "box"); s.Revision != 3 || s.Digest != a.last.Digest {
		t.Errorf("got revision %d, want 3", s.Revision)
	}
}

// A revision that an approver did not sign for this very place changes nothing.
func TestLoadRefuses(t *testing.T) {
	boxes := newBoxes(t)
	a := newApproved(t, boxes)
	tests := []struct {
		name string
		make func() store.Revision
		want string
	}{
		{"no signature", func() store.Revision { r := a.sign(wider, nil); r.Signature = nil; return r }, control.CodeRefused},
		{"other text", func() store.Revision {
			r := a.sign(wider, nil)
			r.Text = a.sign(testPolicy, nil).Text
			return r
		}, control.CodeInvalid},
		{"other text, its digest too", func() store.Revision {
			r, other := a.sign(wider, nil), a.sign(testPolicy, nil)
			r.Text, r.Digest = other.Text, other.Digest
			return r
		}, control.CodeRefused},
		{"another sandbox", func() store.Revision {
			return a.sign(wider, func(s *seal.Statement) { s.Sandbox = early.NewID() })
		}, control.CodeRefused},
		{"another place", func() store.Revision { return a.sign(wider, func(s *seal.Statement) { s.Sequence = 3 }) }, control.CodeRefused},
		{"another parent", func() store.Revision { return a.sign(wider, func(s *seal.Statement) { s.Previous = "" }) }, control.CodeRefused},
		{"expired", func() store.Revision {
			return a.sign(wider, func(s *seal.Statement) { s.NotAfter = time.Now().Add(-time.Hour) })
		}, control.CodeRefused},
		{"static sections", func() store.Revision {
			return a.sign(strings.Replace(wider, "best_effort", "hard_requirement", 1), nil)
		}, control.CodeRefused},
		{"a path that is never shown", func() store.Revision {
			return a.sign(strings.Replace(wider, "[/sandbox, ", "[/srv, /sandbox, ", 1), nil)
		}, control.CodeInvalid},
		{"not yaml", func() store.Revision { r := a.sign(wider, nil); r.Text = []byte("{"); return r }, control.CodeInvalid},
	}
	for _, tt := range tests {
		a.add(tt.make())
		var got *control.Error
		if err := a.load(2); !errors.As(err, &got) || got.Code != tt.want {
			t.Errorf("%s: got %v, want code %s", tt.name, err, tt.want)
		}
		if s := status(t, boxes, "box"); s.Revision != 1 {
			t.Fatalf("%s: revision %d is in force", tt.name, s.Revision)
		}
	}
	var got *control.Error
	if err := a.load(7); !errors.As(err, &got) || got.Code != control.CodeNotFound {
		t.Errorf("no such revision: got %v", err)
	}
	a.add(a.sign(wider, nil))
	if err := a.load(2); err != nil {
		t.Errorf("the good one after all: %v", err)
	}
	if err := a.load(1); !errors.As(err, &got) || got.Code != control.CodeRefused {
		t.Errorf("rollback: got %v", err)
	}
}

// Frozen stays frozen, whatever stands in the store.
func TestFrozen(t *testing.T) {
	boxes := newBoxes(t)
	args := frozen(t, "box", testPolicy)
	create(t, boxes, args)
	a := &approved{t: t, boxes: boxes, row: store.Sandbox{ID: args.ID}, last: args.Revision}
	p, _ := policy.Parse("test.yaml", []byte(wider))
	a.add(store.Revision{Sandbox: args.ID, Number: 2, Digest: p.Digest(), ParentDigest: args.Revision.Digest, Text: p.Text(), Status: store.RevisionLoaded})
	var got *control.Error
	if err := a.load(2); !errors.As(err, &got) || got.Code != control.CodeFrozen || got.HintOf == "" {
		t.Errorf("got %v", err)
	}
	boxes.Stop(t.Context(), "box")
	if _, err := boxes.Start(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if s := status(t, boxes, "box"); s.Revision != 1 || !s.Frozen {
		t.Errorf("got revision %d, frozen %v", s.Revision, s.Frozen)
	}
}

// A record that was changed behind the approver's back does not start.
func TestStartVerifies(t *testing.T) {
	boxes := newBoxes(t)
	a := newApproved(t, boxes)
	forged := a.sign(wider, nil)
	forged.Signature = make([]byte, len(forged.Signature))
	forged.Status = store.RevisionLoaded
	a.add(forged)
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if _, err := boxes.Start(t.Context(), "box"); err == nil || !strings.Contains(err.Error(), "does not verify") {
		t.Errorf("got %v", err)
	}
	if running(t, boxes, "box") {
		t.Error("it runs")
	}
}
