package seal_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/store"
)

// record is a sandbox whose revisions a signer has signed properly.
type record struct {
	sandbox   store.Sandbox
	signer    *seal.Signer
	revisions []store.Revision
}

func newRecord(t *testing.T) *record {
	t.Helper()
	ada := seal.NewTestSigner(t, "ada")
	return &record{signer: ada, sandbox: store.Sandbox{ID: "box", Name: "box", Spec: store.Spec{
		Workdir: "/home/ada/src", Approvers: []store.Approver{ada.Approver()},
		Providers: []store.ProviderRef{{Name: "gh", Type: "github", Hosts: []string{"github.com"}}},
	}}}
}

func parse(t *testing.T, hosts ...string) *policy.Policy {
	t.Helper()
	text := "version: 1\nnetwork_policies:\n"
	for _, host := range hosts {
		text += "  " + strings.ReplaceAll(host, ".", "_") + ":\n    endpoints: [{ host: " + host +
			", port: 443, protocol: rest, access: read-only }]\n    binaries: [{ path: /usr/bin/curl }]\n"
	}
	p, problems := policy.Parse("test", []byte(text))
	if p == nil {
		t.Fatal(problems)
	}
	return p
}

// add signs the next revision, after a change to its statement.
func (r *record) add(t *testing.T, p *policy.Policy, change func(*seal.Statement)) {
	t.Helper()
	s := seal.Statement{
		Sandbox: r.sandbox.ID, Sequence: len(r.revisions) + 1, Policy: p.Digest(),
		Authority: seal.AuthorityOf(r.sandbox.Spec, p).Digest(),
	}
	revision := store.Revision{Sandbox: r.sandbox.ID, Number: s.Sequence, Digest: p.Digest(), Text: p.Text()}
	if n := len(r.revisions); n > 0 {
		s.Previous, revision.ParentDigest = seal.Digest(r.revisions[n-1].Statement), r.revisions[n-1].Digest
	}
	change(&s)
	var err error
	if revision.Statement, revision.Signature, err = r.signer.Sign(s); err != nil {
		t.Fatal(err)
	}
	r.revisions = append(r.revisions, revision)
}

func (r *record) replay() error {
	_, err := seal.Replay(r.sandbox, r.revisions, r.sandbox.Spec.Approvers)
	return err
}

func asIs(*seal.Statement) {}

func TestReplay(t *testing.T) {
	eve := seal.NewTestSigner(t, "eve")
	for _, test := range []struct {
		name  string
		spoil func(r *record)
		want  error
	}{
		{"untouched", func(*record) {}, nil},
		{"genesis removed", func(r *record) { r.revisions = r.revisions[1:] }, seal.ErrPrevious},
		{"middle removed", func(r *record) { r.revisions = append(r.revisions[:1], r.revisions[2]) }, seal.ErrPrevious},
		{"all removed", func(r *record) { r.revisions = nil }, seal.ErrSequence},
		{"swapped", func(r *record) { r.revisions[1], r.revisions[2] = r.revisions[2], r.revisions[1] }, seal.ErrPrevious},
		{"text of another revision", func(r *record) { r.revisions[2].Text = r.revisions[1].Text }, seal.ErrPolicy},
		{"text and digest of another", func(r *record) {
			r.revisions[2].Text, r.revisions[2].Digest = r.revisions[1].Text, r.revisions[1].Digest
		}, seal.ErrPolicy},
		{"text not canonical", func(r *record) { r.revisions[2].Text = append([]byte("# hello\n"), r.revisions[2].Text...) }, seal.ErrPolicy},
		{"another workdir", func(r *record) { r.sandbox.Spec.Workdir = "/home/ada" }, seal.ErrAuthority},
		{"another credential", func(r *record) { r.sandbox.Spec.Providers[0].Hosts = []string{"evil.example"} }, seal.ErrAuthority},
		{"another program", func(r *record) { r.sandbox.Spec.Program = &store.Program{Source: "/home/ada/x", Link: "claude"} }, seal.ErrAuthority},
		{"other limits", func(r *record) { r.sandbox.Spec.Limits.Memory = 1 << 40 }, seal.ErrAuthority},
		{"a variable more", func(r *record) { r.sandbox.Spec.EnvNames = []string{"LD_PRELOAD"} }, seal.ErrAuthority},
		{"a second approver", func(r *record) {
			r.sandbox.Spec.Approvers = append(r.sandbox.Spec.Approvers, eve.Approver())
		}, seal.ErrAuthority},
		{"another approver", func(r *record) { r.sandbox.Spec.Approvers = []store.Approver{eve.Approver()} }, seal.ErrUnknownApprover},
		{"another sandbox", func(r *record) { r.sandbox.ID = "twin" }, seal.ErrSandbox},
		{"unsigned", func(r *record) { r.revisions[2].Statement, r.revisions[2].Signature = nil, nil }, seal.ErrMalformed},
	} {
		r := newRecord(t)
		r.add(t, parse(t, "a.example"), asIs)
		r.add(t, parse(t, "a.example", "b.example"), asIs)
		r.add(t, parse(t, "a.example", "c.example"), asIs)
		test.spoil(r)
		if err := r.replay(); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}

// Nobody's signature makes a frozen sandbox move.
func TestReplayOfAFrozenSandbox(t *testing.T) {
	r := newRecord(t)
	r.add(t, parse(t, "a.example"), asIs)
	r.sandbox.Spec.Frozen = true
	chain, err := seal.Replay(r.sandbox, r.revisions, r.sandbox.Spec.Approvers)
	if err != nil {
		t.Fatal(err)
	}
	text, signature := sign(t, r.signer, func(*seal.Statement) {})
	if err := chain.Accept(text, signature, want); !errors.Is(err, seal.ErrFrozen) {
		t.Errorf("got %v", err)
	}
}

// A provider's order in the record is not authority.
func TestAuthorityHasOneOrder(t *testing.T) {
	p := parse(t, "a.example")
	a := store.Spec{EnvNames: []string{"A", "B"}, Providers: []store.ProviderRef{{Name: "x"}, {Name: "y", Hosts: []string{"1", "2"}}}}
	b := store.Spec{EnvNames: []string{"B", "A", "A"}, Providers: []store.ProviderRef{{Name: "y", Hosts: []string{"2", "1"}}, {Name: "x"}}}
	if got, want := seal.AuthorityOf(a, p).Digest(), seal.AuthorityOf(b, p).Digest(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A repository is authority: its objects are read inside. Where there is none the
// digest is what it was before there could be one.
func TestAuthorityNamesTheRepository(t *testing.T) {
	p := parse(t, "a.example")
	none := seal.AuthorityOf(store.Spec{}, p)
	if text, err := json.Marshal(none); err != nil || strings.Contains(string(text), "repo") {
		t.Errorf("got %s, %v", text, err)
	}
	one := seal.AuthorityOf(store.Spec{Repo: &store.Repo{Objects: []string{"/a"}}}, p)
	two := seal.AuthorityOf(store.Spec{Repo: &store.Repo{Objects: []string{"/a", "/b"}}}, p)
	if none.Digest() == one.Digest() || one.Digest() == two.Digest() {
		t.Error("two authorities have one digest")
	}
}
