package approvals_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exeat/approvals"
	"exeat/policy"
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

// office is a desk with one sandbox at revision 1.
type office struct {
	*approvals.Desk
	clock time.Time
}

func newOffice(t *testing.T) *office {
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
	o := &office{clock: time.Now()}
	o.Desk = &approvals.Desk{Store: st, Dirs: dirs, Now: func() time.Time { return o.clock }}
	box := store.Sandbox{ID: "box1", Name: "demo", Spec: store.Spec{Approvers: []store.Approver{{Name: "ada"}}}}
	if err := st.CreateSandbox(t.Context(), box, revision(t, 1, basePolicy)); err != nil {
		t.Fatal(err)
	}
	return o
}

func revision(t *testing.T, number int, text string) store.Revision {
	t.Helper()
	p := parse(t, text)
	return store.Revision{Sandbox: "box1", Number: number, Digest: p.Digest(), Text: p.Text(), Status: store.RevisionLoaded}
}

func parse(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, problems := policy.Parse("test", []byte(text))
	if p == nil {
		t.Fatal(problems)
	}
	return p
}

// advance puts another revision in force, as grant would.
func (o *office) advance(t *testing.T, number int, text string) approvals.Base {
	t.Helper()
	if err := o.Store.AddRevision(t.Context(), revision(t, number, text)); err != nil {
		t.Fatal(err)
	}
	return approvals.Base{Revision: number, Policy: parse(t, text)}
}

// push asks for one rule more.
func push() approvals.Submission {
	return approvals.Submission{
		SandboxID: "box1", BaseRevision: 1, Reason: "I need to push", Proposer: "claude-code",
		Operations: []policy.Operation{{
			Op: policy.OpAddRule, Block: "github", Host: "github.com", Port: 443,
			Rule: &policy.RuleSpec{Method: "POST", Path: "/acme/widgets.git/git-receive-pack"},
		}},
	}
}

// whole asks for the same as a whole policy.
func whole() approvals.Submission {
	s := push()
	s.Operations = nil
	s.YAML = []byte(strings.Replace(basePolicy, "access: read-only", "access: full", 1))
	return s
}

func (o *office) submit(t *testing.T, s approvals.Submission) approvals.Review {
	t.Helper()
	filed, err := o.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return filed.Review
}
