package mcp_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"exeat/store"
)

// wrong is a call that must fail, and how.
type wrong struct {
	tool       string
	arguments  any
	code, says string
	meant      string // "" is not looked at
}

func (o *office) allFail(rows []wrong) {
	o.t.Helper()
	for _, row := range rows {
		got := o.fails(row.tool, row.arguments)
		if got.Error != row.code || !strings.Contains(got.Message, row.says) || got.DidYouMean != row.meant && row.meant != "" {
			o.t.Errorf("%s %.100v: got %+v, want %s, %q, %q", row.tool, row.arguments, got, row.code, row.says, row.meant)
		}
	}
}

// An argument that resembles none is answered with those there are.
func TestUnknownArgument(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	got := o.fails("await_approval", args{"proposal_id": 1, "rationale": "x"})
	if got.DidYouMean != "" || !strings.HasSuffix(got.NextStep, "arguments it has: proposal_id, wait_seconds") {
		t.Errorf("got %+v", got)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	o.allFail([]wrong{
		{"list_sandboxes", args{"stat": "running"}, "bad_argument", `unknown argument "stat"`, "state"},
		{"list_sandboxes", args{"state": "runing"}, "bad_argument", "want one of running, paused, stopped", "running"},
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
		{"await_approval", args{"proposal_id": 77}, "not_found", "no proposal 77", ""},
		{"await_approval", args{"proposal_id": 1, "wait_seconds": 51}, "bad_argument", "at most 50", ""},
	})
}

func TestProposalErrors(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	o.make(store.Sandbox{ID: "ice", Name: "ice", Spec: store.Spec{Frozen: true}}, basePolicy)
	ops := []args{{"op": "add_rule", "block": "github", "host": "api.github.com", "port": 443, "rule": args{"method": "PUT", "path": "/x"}}}
	propose := func(change args) args {
		all := args{"sandbox": "demo", "base_revision": 1, "operations": ops, "reason": "r"}
		maps.Copy(all, change)
		return all
	}
	o.allFail([]wrong{
		{"propose_policy_change", propose(args{"reason": " "}), "bad_argument", "reason", ""},
		{"propose_policy_change", propose(args{"reason": strings.Repeat("x", 501)}), "bad_argument", "501", ""},
		{"propose_policy_change", propose(args{"base_revision": 7}), "conflict", "revision 1, not 7", ""},
		{"propose_policy_change", propose(args{"sandbox": "ice"}), "refused", "frozen", ""},
		{"propose_policy_change", propose(args{"denial_ids": []int{99}}), "not_found", "99", ""},
		{"propose_policy_change", propose(args{"policy_yaml": basePolicy}), "bad_argument", "either operations or a policy", ""},
		{"propose_policy_change", propose(args{"operations": []args{}}), "bad_argument", "either operations or a policy", ""},
		{"propose_policy_change", propose(args{"operations": []args{{"op": "add_rul", "block": "github"}}}), "bad_argument", "unknown operation", "add_rule"},
		{"propose_policy_change", propose(args{"operations": []args{{"op": "grant", "block": "github"}}}), "bad_argument", "unknown operation", ""},
		{"propose_policy_change", propose(args{"operations": []args{{"op": "add_rule", "rule": args{"allow": args{"method": "GET", "path": "/x"}}}}}), "bad_argument", `"allow"`, ""},
		{"propose_policy_change", propose(args{"operations": []args{{"op": "add_rule", "block": "github", "hots": "x"}}}), "bad_argument", `"hots"`, "host"},
		{"propose_policy_change", propose(args{"operations": []args{{"op": "add_rule", "block": 5}}}), "bad_argument", "block", ""},
		{"propose_policy_change", propose(args{"operations": make([]args, 21)}), "bad_argument", "at most 20", ""},
		{"propose_policy_change", propose(args{"operations": "all"}), "bad_argument", "want a list", ""},
		{"propose_policy_change", propose(args{"dry_run": "yes"}), "bad_argument", "true or false", ""},
		{"propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": strings.Repeat("x: [<&>]\n", 3000)}, "bad_argument", "", ""},
		{"propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": "{{},<<}"}, "bad_argument", "", ""},
		{"propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": basePolicy}, "refused", "nothing to change", ""},
		{"propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": "r", "policy_yaml": basePolicy + "filesystem_policy: { read_write: [/tmp, /root/.ssh] }\n"}, "bad_argument", "fixed when a sandbox is created", ""},
	})
}
