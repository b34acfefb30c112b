package mcp_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

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
	ID      int64   `json:"proposal_id"`
	Status  string  `json:"status"`
	Diff    string  `json:"diff"`
	Allows  []int64 `json:"would_allow_denials"`
	Command string  `json:"approve_command"`
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
	o.approve(first.ID, strings.Replace(basePolicy, "access: read-only", "access: full", 1))
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
func (o *office) approve(proposal int64, text string) {
	o.t.Helper()
	if err := o.store.AddRevision(o.t.Context(), o.revision("demo", 2, text)); err != nil {
		o.t.Fatal(err)
	}
	if err := o.store.MoveProposal(o.t.Context(), proposal, []string{approvals.Pending}, store.ProposalMove{Status: approvals.Approved, Revision: 2}); err != nil {
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

func TestErrors(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	o.make(store.Sandbox{ID: "ice", Name: "ice", Spec: store.Spec{Frozen: true}}, basePolicy)
	ops := []args{{"op": "add_rule", "block": "github", "host": "api.github.com", "port": 443, "rule": args{"method": "PUT", "path": "/x"}}}
	propose := func(change args) args {
		all := args{"sandbox": "demo", "base_revision": 1, "operations": ops, "reason": "r"}
		for k, v := range change {
			all[k] = v
		}
		return all
	}
	for _, row := range []struct {
		tool       string
		arguments  any
		code, says string
		meant      string
	}{
		{"list_sandboxes", args{"stat": "running"}, "bad_argument", `unknown argument "stat"`, "state"},
		{"list_sandboxes", args{"state": "runing"}, "bad_argument", "want one of running, stopped", "running"},
		{"list_sandboxes", args{"limit": 101}, "bad_argument", "at most 100", ""},
		{"list_sandboxes", args{"limit": 0}, "bad_argument", "at least 1", ""},
		{"list_sandboxes", []int{1}, "bad_argument", "want an object", ""},
		{"list_sandboxes", "demo", "bad_argument", "want an object", ""},
		{"list_denials", args{}, "bad_argument", `"sandbox" is missing`, ""},
		{"list_denials", nil, "bad_argument", `"sandbox" is missing`, ""},
		{"list_denials", args{"sandbox": nil}, "bad_argument", `"sandbox" is missing`, ""},
		{"list_denials", args{"sandbox": 5}, "bad_argument", "want a string, got 5", ""},
		{"list_denials", args{"SANDBOX": "demo"}, "bad_argument", `unknown argument "SANDBOX"`, ""},
		{"list_denials", args{"sandbox": "dmo"}, "not_found", "dmo", "demo"},
		{"list_denials", args{"sandbox": ""}, "not_found", "", ""},
		{"list_denials", args{"sandbox": "../demo"}, "not_found", "", ""},
		{"list_denials", args{"sandbox": strings.Repeat("x", 20000)}, "not_found", "xxx", ""},
		{"list_denials", args{"sandbox": "demo", strings.Repeat("x", 20000): 1}, "bad_argument", "xxx", ""},
		{"list_denials", args{"sandbox": "demo", "since": "yesterday"}, "bad_argument", "RFC 3339", ""},
		{"list_denials", args{"sandbox": "demo", "since": "-15m"}, "bad_argument", "RFC 3339", ""},
		{"list_denials", args{"sandbox": "demo", "cursor": -1}, "bad_argument", "at least 1", ""},
		{"list_denials", args{"sandbox": "demo", "cursor": "7"}, "bad_argument", `whole number, got "7"`, ""},
		{"explain_denial", args{"sandbox": "demo", "denial_id": 1.5}, "bad_argument", "whole number", ""},
		{"explain_denial", args{"sandbox": "demo", "denial_id": json.RawMessage("9007199254740993")}, "not_found", "9007199254740993", ""},
		{"explain_denial", args{"sandbox": "demo"}, "bad_argument", `"denial_id" is missing`, ""},
		{"get_policy", args{"sandbox": "demo", "section": "netwrok"}, "bad_argument", "want one of", "network"},
		{"get_policy", args{"sandbox": "demo", "offset": 100000}, "bad_argument", "offset: want 0 to", ""},
		{"propose_policy_change", propose(args{"reason": " "}), "bad_argument", "reason", ""},
		{"propose_policy_change", propose(args{"reason": strings.Repeat("x", 501)}), "bad_argument", "501", ""},
		{"propose_policy_change", propose(args{"base_revision": 7}), "conflict", "revision 1, not 7", ""},
		{"propose_policy_change", propose(args{"sandbox": "ice"}), "refused", "frozen", ""},
		{"propose_policy_change", propose(args{"denial_ids": []int{99}}), "not_found", "99", ""},
		{"propose_policy_change", propose(args{"policy_yaml": basePolicy}), "bad_argument", "either operations or a policy", ""},
		{"propose_policy_change", propose(args{"operations": []args{}}), "bad_argument", "either operations or a policy", ""},
		{"propose_policy_change", propose(args{"operations": []args{{"op": "add_rul", "block": "github"}}}), "bad_argument", "unknown operation", "add_rule"},
		{"propose_policy_change", propose(args{"operations": []args{{"op": "add_rule", "block": "github", "hots": "x"}}}), "bad_argument", `"hots"`, "host"},
		{"propose_policy_change", propose(args{"operations": []args{{"op": "add_rule", "block": 5}}}), "bad_argument", "block", ""},
		{"propose_policy_change", propose(args{"operations": make([]args, 21)}), "bad_argument", "at most 20", ""},
		{"propose_policy_change", propose(args{"operations": "all"}), "bad_argument", "want a list", ""},
		{"propose_policy_change", propose(args{"dry_run": "yes"}), "bad_argument", "true or false", ""},
		{"propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": strings.Repeat("x: [<&>]\n", 3000)}, "bad_argument", "", ""},
		{"propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": "{{},<<}"}, "bad_argument", "", ""},
		{"propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": basePolicy}, "refused", "nothing to change", ""},
		{"propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": basePolicy + "filesystem_policy: { read_write: [/tmp, /root/.ssh] }\n"}, "bad_argument", "fixed when a sandbox is created", ""},
		{"await_approval", args{"proposal_id": 77}, "not_found", "no proposal 77", ""},
		{"await_approval", args{"proposal_id": 1, "wait_seconds": 51}, "bad_argument", "at most 50", ""},
	} {
		got := o.fails(row.tool, row.arguments)
		if got.Error != row.code || !strings.Contains(got.Message, row.says) || got.DidYouMean != row.meant && row.meant != "" {
			t.Errorf("%s %.100v: got %+v, want %s, %q, %q", row.tool, row.arguments, got, row.code, row.says, row.meant)
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

// TestAwait ensures that a waiter hears of a decision promptly, that no decision
// ends its waiting in time, and that many wait at once.
func TestAwait(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	var p filed
	o.ok("propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": strings.Replace(basePolicy, "read-only", "full", 1)}, &p)
	var got answer
	began := time.Now()
	o.ok("await_approval", args{"proposal_id": p.ID, "wait_seconds": 1}, &got)
	if took := time.Since(began); got.Status != "pending" || took < time.Second || took > 3*time.Second {
		t.Errorf("got %+v after %s", got, took)
	}
	const waiters = 40
	ends := make(chan answer, waiters)
	for range waiters {
		go func() {
			var a answer
			o.ok("await_approval", args{"proposal_id": p.ID, "wait_seconds": 50}, &a)
			ends <- a
		}()
	}
	if _, err := o.desk.Reject(t.Context(), p.ID, "too wide\x1b[2J\nIGNORE"); err != nil {
		t.Fatal(err)
	}
	for range waiters {
		select {
		case a := <-ends:
			if a.Status != "rejected" || a.Comment != `too wide\x1b[2J IGNORE` || a.Active {
				t.Fatalf("got %+v", a)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a waiter heard nothing")
		}
	}
}

// TestAwaitStopped ensures that nobody waits for a stopped sandbox to load what
// was approved.
func TestAwaitStopped(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	text := strings.Replace(basePolicy, "read-only", "full", 1)
	var p filed
	o.ok("propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": text}, &p)
	next := o.revision("demo", 2, text)
	next.Status = store.RevisionPending
	if err := o.store.AddRevision(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if err := o.store.MoveProposal(t.Context(), p.ID, []string{approvals.Pending}, store.ProposalMove{Status: approvals.Approved, Revision: 2}); err != nil {
		t.Fatal(err)
	}
	var got answer
	began := time.Now()
	o.ok("await_approval", args{"proposal_id": p.ID, "wait_seconds": 50}, &got)
	if got.Status != "approved" || got.Active || !strings.Contains(got.Step, "starts") || time.Since(began) > 5*time.Second {
		t.Errorf("got %+v after %s", got, time.Since(began))
	}
}
