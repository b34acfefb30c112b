package mcp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/store"
)

// TestEncodedSlash ensures that an escaped slash is no dead end: npm asks for @types%2Fnode. What is offered is said to allow
// the denial, and the review says what else it lets through.
func TestEncodedSlash(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	id := o.deny("demo", denied(func(d *store.Decision) { d.Method, d.Target = "GET", "/@types%2Fnode" }))[0]
	var why explanation
	o.ok("explain_denial", args{"sandbox": "demo", "denial_id": id}, &why)
	if len(why.Options) == 0 {
		t.Fatal("no option")
	}
	var dry filed
	o.ok("propose_policy_change", args{
		"sandbox": "demo", "base_revision": 1, "operations": why.Options[0].Operations, "reason": "types", "denial_ids": []int64{id}, "dry_run": true,
	}, &dry)
	if !cmp.Equal(dry.Allows, []int64{id}) || len(dry.Permits) != 1 || !strings.HasPrefix(dry.Permits[0], "%2F in the paths of https://api.github.com:443") {
		t.Errorf("got %+v", dry)
	}
}
