package mcp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/approvals"
	"exeat/mcp"
	"exeat/policy"
	"exeat/store"
)

// denials and explanation are what an agent reads of results.
type denials struct {
	Denials []denial `json:"denials"`
	Next    int64    `json:"next_cursor"`
}

type denial struct {
	ID     int64  `json:"id"`
	Host   string `json:"host"`
	Method string `json:"method"`
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
}

type explanation struct {
	Revision int          `json:"revision"`
	Allowed  bool         `json:"allowed_now"`
	Decided  []policy.Ref `json:"decided_by"`
	Options  []struct {
		Operations []policy.Operation `json:"operations"`
		Risk       string             `json:"risk"`
	} `json:"options"`
	Step string `json:"next_step"`
}

type filed struct {
	ID      int64    `json:"proposal_id"`
	Status  string   `json:"status"`
	Diff    string   `json:"diff"`
	Permits []string `json:"permits"`
	Allows  []int64  `json:"would_allow_denials"`
	Command string   `json:"approve_command"`
}

type answer struct {
	Status   string `json:"status"`
	Comment  string `json:"comment"`
	Revision int    `json:"revision"`
	Active   bool   `json:"active"`
	Step     string `json:"next_step"`
}

// TestLoop ensures that the tools lead from a denial to a proposal and its
// answer, each with what the one before returned.
func TestLoop(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	id := o.deny("demo", denied(nil))[0]
	var list denials
	o.ok("list_denials", args{"sandbox": "demo", "since": "15m", "kind": "policy_denied"}, &list)
	want := []denial{{id, "api.github.com", "PUT", "policy_denied", "PUT not permitted by policy"}}
	if diff := cmp.Diff(list.Denials, want); diff != "" {
		t.Fatalf("-got +want:\n%s", diff)
	}
	var why explanation
	o.ok("explain_denial", args{"sandbox": "demo", "denial_id": id}, &why)
	if why.Allowed || why.Revision != 1 || len(why.Options) == 0 || len(why.Decided) != 1 || why.Decided[0].Effect != "no match" {
		t.Fatalf("got %+v", why)
	}
	proposal := args{
		"sandbox": "demo", "base_revision": why.Revision, "operations": why.Options[0].Operations,
		"reason": "publish the script", "denial_ids": []int64{id},
	}
	var first, again, dry filed
	o.ok("propose_policy_change", proposal, &first)
	o.ok("propose_policy_change", proposal, &again)
	if first.Status != "pending" || first.Command != "exeat approve 1" || again.ID != first.ID || !cmp.Equal(first.Allows, []int64{id}) {
		t.Errorf("got %+v and %+v", first, again)
	}
	proposal["dry_run"] = true
	if o.ok("propose_policy_change", proposal, &dry); dry.ID != 0 || dry.Status != "dry_run" || dry.Command != "" {
		t.Errorf("got %+v", dry)
	}
	o.approve(first.ID)
	var end answer
	o.ok("await_approval", args{"proposal_id": first.ID}, &end)
	if end.Status != "applied" || end.Revision != 2 || !end.Active {
		t.Errorf("got %+v", end)
	}
	if o.ok("explain_denial", args{"sandbox": "demo", "denial_id": id}, &why); !why.Allowed || len(why.Options) != 0 {
		t.Errorf("got %+v", why)
	}
}

// approve does to the records what an approval does.
func (o *office) approve(proposal int64) {
	o.t.Helper()
	p, err := o.store.Proposal(o.t.Context(), proposal)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.store.AddRevisionOf(o.t.Context(), proposal, approvals.Approved, o.revision("demo", 2, string(p.Text))); err != nil {
		o.t.Fatal(err)
	}
}

// TestKinds ensures that a denial the policy did not make is never said to be
// allowed, or allowable by an addition: here the policy grants the name.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		code    policy.Code
		step    string
		options bool
	}{
		{policy.CodePolicy, "propose_policy_change", true},
		{policy.CodeDenyRule, "no addition", false},
		{policy.CodeAddress, "allowed_ips", false},
		{policy.CodeAuthority, "no addition", false},
		{policy.CodeMalformed, "no addition", false},
		{policy.CodeCredential, "no addition", false},
		{"upstream_unreachable", "no addition", false},
	} {
		o := newOffice(t)
		o.box("demo", basePolicy)
		id := o.deny("demo", denied(func(d *store.Decision) {
			d.Code = string(row.code)
			if row.code != policy.CodePolicy && row.code != policy.CodeDenyRule {
				d.Method = "GET" // which the policy allows
			}
		}))[0]
		var why explanation
		o.ok("explain_denial", args{"sandbox": "demo", "denial_id": id}, &why)
		if why.Allowed || len(why.Options) > 0 != row.options || !strings.Contains(why.Step, row.step) {
			t.Errorf("%s: got %+v", row.code, why)
		}
		if code := o.fails("list_denials", args{"sandbox": "demo", "kind": string(row.code) + "x"}); code.DidYouMean != string(row.code) {
			t.Errorf("%s: got %+v", row.code, code)
		}
	}
}

// TestNoApproval ensures that there is nothing to approve with: no tool of any
// such name, and fewer in a server that only reads.
func TestNoApproval(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, name := range []string{"approve", "approve_proposal", "apply", "policy_set", "reject", "exec_in_sandbox", "create_sandbox"} {
		if got, failure := o.request("tools/call", args{"name": name, "arguments": args{"proposal_id": 1}}); got != nil || failure == nil {
			t.Errorf("%s: got %s", name, got)
		}
	}
	c := o.config()
	c.ReadOnly = true
	o.server = mcp.New(c)
	if _, failure := o.request("tools/call", args{"name": "propose_policy_change", "arguments": args{}}); failure == nil {
		t.Error("a server that only reads proposes")
	}
}
