package cmd

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"exeat/policy"
	"exeat/store"
)

// What an allowed request asked for is shown as that, not as the reason of a
// denial; what was only audited says why it would have been denied.
func TestLogsShowWhatWasAsked(t *testing.T) {
	at := time.Date(2026, 11, 26, 2, 0, 0, 0, time.Local)
	base := store.Decision{
		ID: 7, Time: at, Last: at, Count: 1, Host: "api.github.com", Port: 443, Layer: "l7", Protocol: "graphql",
		Method: "POST", Target: "/graphql", Policy: "github", Exe: "/usr/bin/gh", Ending: store.Ending{Status: 200},
	}
	for _, test := range []struct {
		name, verdict, reason string
		text, json            string
		absent                string
	}{
		{"a mutation", "allow", "mutation createIssue", ` id=7 asked="mutation createIssue"`, `"l7_asked":"mutation createIssue"`, "l7_deny_reason"},
		{"nothing more to say", "allow", "", " id=7\n", `"l7_decision":"allow"`, "l7_asked"},
		{"a name that looks like a field", "allow", `query "x" id=9`, ` id=7 asked="query \"x\" id=9"`, `"l7_asked":"query \"x\" id=9"`, "l7_deny_reason"},
		{"audited", "audit", "POST /graphql not permitted by policy", ` not_enforced="POST /graphql not`, `"l7_deny_reason":"POST /graphql`, "l7_asked"},
		{"denied", "deny", "POST /graphql not permitted by policy", "l7_deny_reason: POST /graphql", `"l7_deny_reason":"POST /graphql`, "l7_asked"},
		{"the record's gap", "gap", "decisions could not be recorded", "deny_reason: decisions could", `"code":"audit_unavailable"`, "l7_asked"},
	} {
		d := base
		d.Verdict, d.Reason = test.verdict, test.reason
		if test.verdict == "gap" {
			d.Verdict, d.Layer, d.Code = store.VerdictDeny, store.LayerRecord, store.CodeUnrecorded
		}
		if got := printed(t, d, false); !strings.Contains(got, test.text) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.text)
		}
		if got := printed(t, d, true); !strings.Contains(got, test.json) || strings.Contains(got, test.absent) {
			t.Errorf("%s: got %q, want %q and no %q", test.name, got, test.json, test.absent)
		}
	}
}

// One record of many denials says when the last of them was made.
func TestLogsOfMany(t *testing.T) {
	at := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	d := store.Decision{ID: 7, Time: at, Last: at.Add(time.Minute), Count: 99, Verdict: store.VerdictDeny, Layer: "l7"}
	if got := printed(t, d, true); !strings.Contains(got, `"count":99,"last":"2026-11-26T02:01:00Z"`) {
		t.Errorf("got %s", got)
	}
	if got := printed(t, d, false); !strings.Contains(got, "deny (99 times)") {
		t.Errorf("got %s", got)
	}
}

func printed(t *testing.T, d store.Decision, asJSON bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := printDecisions(Env{Out: &out}, []store.Decision{d}, asJSON); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The store knows no policy, so the two name the code each for itself.
func TestCodeOfGap(t *testing.T) {
	if store.CodeUnrecorded != string(policy.CodeRecord) {
		t.Errorf("got %q and %q", store.CodeUnrecorded, policy.CodeRecord)
	}
}
