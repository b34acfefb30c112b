package approvals_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/approvals"
	"exeat/policy"
	"exeat/store"
)

func TestSubmitOperations(t *testing.T) {
	o := newOffice(t)
	r := o.submit(t, push())
	if r.ID != 1 || r.Status != approvals.Pending || r.Sandbox != "demo" || !r.ExpiresAt.Equal(r.CreatedAt.Add(7*24*time.Hour)) {
		t.Errorf("proposal %+v", r.Proposal)
	}
	want := []string{"POST https://github.com:443/acme/widgets.git/git-receive-pack by /usr/bin/git and what it starts"}
	if diff := cmp.Diff(want, r.Permits); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(r.Diff, "--- revision 1\n+++ proposal 1\n") || !strings.Contains(r.Diff, "\n+") {
		t.Errorf("diff:\n%s", r.Diff)
	}
	if r.Short != r.Digest[:6] || len(r.Digest) != 64 {
		t.Errorf("digests %q %q", r.Short, r.Digest)
	}
}

// The same candidate is the same proposal, whether it comes again as
// operations or as a policy, and whatever is said about it.
func TestSubmitTwice(t *testing.T) {
	o := newOffice(t)
	first := o.submit(t, push())
	again := push()
	again.YAML, again.Operations, again.Reason = first.Candidate, nil, "other words"
	filed, err := o.Submit(t.Context(), again)
	if err != nil || filed.Review.ID != first.ID || !filed.Existing {
		t.Errorf("got %+v, %v", filed, err)
	}
}

func TestDryRunFilesNothing(t *testing.T) {
	o := newOffice(t)
	s := push()
	s.DryRun = true
	filed, err := o.Submit(t.Context(), s)
	if err != nil || !filed.DryRun || len(filed.Review.Permits) != 1 {
		t.Errorf("got %+v, %v", filed, err)
	}
	if list, err := o.List(t.Context(), approvals.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("filed %v, %v", list, err)
	}
}

func TestSubmitRefuses(t *testing.T) {
	o := newOffice(t)
	frozen := store.Sandbox{ID: "ice", Name: "ice", Spec: store.Spec{Frozen: true}}
	first := revision(t, 1, basePolicy)
	if err := o.Store.CreateSandbox(t.Context(), frozen, first); err != nil {
		t.Fatal(err)
	}
	static := basePolicy + "filesystem_policy:\n  read_write: [/sandbox, /tmp, /opt/data]\n"
	for _, test := range []struct {
		name   string
		change func(s *approvals.Submission)
		want   string
	}{
		{"nothing", func(s *approvals.Submission) { s.Operations = nil }, approvals.CodeArgument},
		{"both", func(s *approvals.Submission) { s.YAML = []byte(basePolicy) }, approvals.CodeArgument},
		{"too many operations", func(s *approvals.Submission) { s.Operations = make([]policy.Operation, 21) }, approvals.CodeArgument},
		{"a long reason", func(s *approvals.Submission) { s.Reason = strings.Repeat("x", 501) }, approvals.CodeArgument},
		{"too many denials", func(s *approvals.Submission) { s.DenialIDs = make([]int64, 21) }, approvals.CodeArgument},
		{"a denial that cannot be", func(s *approvals.Submission) { s.DenialIDs = []int64{0} }, approvals.CodeArgument},
		{"an older base", func(s *approvals.Submission) { s.BaseRevision = 0 }, approvals.CodeBaseMoved},
		{"a base to come", func(s *approvals.Submission) { s.BaseRevision = 2 }, approvals.CodeBaseMoved},
		{"another sandbox", func(s *approvals.Submission) { s.SandboxID = "none" }, approvals.CodeNotFound},
		{"a frozen sandbox", func(s *approvals.Submission) { s.SandboxID = "ice" }, approvals.CodeFrozen},
		{"an unknown block", func(s *approvals.Submission) { s.Operations[0].Block = "gitlab" }, approvals.CodeInvalid},
		{"bad YAML", func(s *approvals.Submission) { s.Operations, s.YAML = nil, []byte("{") }, approvals.CodeInvalid},
		{"no policy", func(s *approvals.Submission) { s.Operations, s.YAML = nil, []byte("version: 1\nnetwork: x\n") }, approvals.CodeInvalid},
		{"static sections", func(s *approvals.Submission) { s.Operations, s.YAML = nil, []byte(static) }, approvals.CodeStatic},
		{"what is in force", func(s *approvals.Submission) { s.Operations, s.YAML = nil, []byte(basePolicy) }, approvals.CodeUnchanged},
	} {
		s := push()
		test.change(&s)
		_, err := o.Submit(t.Context(), s)
		var refused *approvals.Error
		if !errors.As(err, &refused) || refused.Code != test.want {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
	}
	if list, err := o.List(t.Context(), approvals.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("filed %v, %v", list, err)
	}
}

// A proposal that repeats the static sections as they are is not refused, and
// one that leaves them out takes those in force.
func TestSubmitTakesTheStaticSectionsInForce(t *testing.T) {
	o := newOffice(t)
	custom := "filesystem_policy:\n  read_only: [/usr, /opt]\n" + basePolicy[strings.Index(basePolicy, "network"):]
	o.advance(t, 2, "version: 1\n"+custom)
	s := whole()
	s.BaseRevision = 2
	r := o.submit(t, s)
	if !strings.Contains(string(r.Candidate), "/opt") {
		t.Errorf("candidate:\n%s", r.Candidate)
	}
	repeated := s
	repeated.YAML = []byte(strings.Replace("version: 1\n"+custom, "read-only }", "read-write }", 1))
	o.submit(t, repeated)
}

func TestThrottle(t *testing.T) {
	o := newOffice(t)
	variant := func(i int) approvals.Submission {
		s := push()
		s.Operations[0].Rule.Path = fmt.Sprintf("/acme/widgets%d", i)
		return s
	}
	for i := range 5 {
		r := o.submit(t, variant(i))
		if _, err := o.Reject(t.Context(), r.ID, "no"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := o.Submit(t.Context(), variant(5))
	var refused *approvals.Error
	if !errors.As(err, &refused) || refused.Code != approvals.CodeThrottled {
		t.Errorf("sixth after five rejections: %v", err)
	}
	o.clock = o.clock.Add(2 * time.Hour)
	for i := range 20 {
		o.submit(t, variant(i))
	}
	if _, err := o.Submit(t.Context(), variant(20)); !errors.As(err, &refused) || refused.Code != approvals.CodeThrottled {
		t.Errorf("21st pending: %v", err)
	}
	o.submit(t, variant(3)) // one that is pending already
}

// What was rejected is shown with whatever asks for some of it again.
func TestRejectedBefore(t *testing.T) {
	o := newOffice(t)
	first := o.submit(t, push())
	if _, err := o.Reject(t.Context(), first.ID, "not this \x1b[2Jrepository"); err != nil {
		t.Fatal(err)
	}
	more := push()
	more.Operations = append(more.Operations, policy.Operation{
		Op: policy.OpAddRule, Block: "github", Host: "github.com", Port: 443,
		Rule: &policy.RuleSpec{Method: "PUT", Path: "/x"},
	})
	got := o.submit(t, more).Rejected
	want := []approvals.Earlier{{ID: 1, Comment: `not this \x1b[2Jrepository`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWouldAllow(t *testing.T) {
	o := newOffice(t)
	log, err := store.OpenDecisions(t.Context(), o.Dirs, "box1")
	if err != nil {
		t.Fatal(err)
	}
	denial := store.Decision{
		Exe: "/usr/lib/git-core/git-remote-http", Ancestors: []string{"/usr/bin/git", "/bin/bash"}, Host: "github.com", Port: 443,
		Layer: "l7", Protocol: "rest", Method: "POST", Target: "/acme/widgets.git/git-receive-pack?x=1",
		Verdict: "deny", Code: "policy_denied",
	}
	other, foreign, rule := denial, denial, denial
	other.Target = "/acme/other.git/git-receive-pack"
	foreign.Exe, foreign.Ancestors = "/usr/bin/curl", nil
	rule.Code = "deny_rule"
	var ids []int64
	for _, d := range []store.Decision{denial, other, foreign, rule} {
		id, err := log.Record(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids[:1], o.submit(t, push()).WouldAllow); diff != "" {
		t.Error(diff)
	}
}

// AP04: what is shown is what was filed, or nothing is.
func TestAlteredRecord(t *testing.T) {
	o := newOffice(t)
	wide := parse(t, strings.Replace(basePolicy, "read-only", "full", 1))
	forged := store.Proposal{
		Sandbox: "box1", BaseRevision: 1, BaseDigest: parse(t, basePolicy).Digest(),
		Digest: approvals.Digest("box1", parse(t, basePolicy).Digest(), parse(t, basePolicy).Digest()),
		Text:   wide.Text(), ExpiresAt: o.clock.Add(time.Hour),
	}
	if _, err := o.Store.AddProposal(t.Context(), &forged); err != nil {
		t.Fatal(err)
	}
	_, err := o.ShowFiled(t.Context(), forged.ID)
	var refused *approvals.Error
	if !errors.As(err, &refused) || refused.Code != approvals.CodeChanged {
		t.Errorf("got %v", err)
	}
}
