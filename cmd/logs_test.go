package cmd

import (
	"bytes"
	"errors"
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
	if err := printDecisions(Env{Out: &out}, logView{json: asJSON}, []store.Decision{d}); err != nil {
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

// An allowed request says how it ended: nothing it does not know, why it failed, and how long it took.
func TestLogsEndings(t *testing.T) {
	at := time.Date(2026, 11, 26, 2, 0, 0, 0, time.Local)
	base := store.Decision{Time: at, Verdict: store.VerdictAllow, Host: "a.example", Port: 443, Layer: "l7", Method: "GET", Target: "/", Policy: "p", Exe: "/x"}
	running := logView{since: at.Add(-time.Hour)}
	for text, row := range map[string]struct {
		view   logView
		end    store.Ending
		method string
	}{
		"/x status=200 bytes=1/2 took=1.2s id=0":                 {running, store.Ending{Status: 200, BytesIn: 1, BytesOut: 2, Duration: 1234 * time.Millisecond}, "GET"},
		"/x status=502 failed=upstream_tls bytes=0/0 took=1ms i": {running, store.Ending{Status: 502, Failed: "upstream_tls", Duration: 10}, "GET"},
		"/x failed=client_gone bytes=0/0 took=1m2s id":           {running, store.Ending{Failed: "client_gone", Duration: 62 * time.Second}, "GET"},
		"/x bytes=0/0 open id=0":                                 {running, store.Ending{}, "GET"},
		"/x bytes=0/0 id=0\n":                                    {logView{}, store.Ending{}, "GET"},
		"/x bytes=0/0 id=0":                                      {logView{since: at.Add(time.Hour)}, store.Ending{}, "GET"},
		"WEBSOCKET_TEXT /  policy=p binary=/x bytes=0/0 id=0\n":  {running, store.Ending{}, policy.SocketText},
	} {
		d := base
		d.Ending, d.Method = row.end, row.method
		var out, asJSON bytes.Buffer
		err := errors.Join(printDecisions(Env{Out: &out}, row.view, []store.Decision{d}),
			printDecisions(Env{Out: &asJSON}, logView{json: true, since: row.view.since}, []store.Decision{d}))
		if err != nil || !strings.Contains(out.String(), strings.TrimSpace(text)) {
			t.Errorf("got %q, %v, want %q", out.String(), err, text)
		}
		for name, want := range map[string]bool{
			`"failed":"` + row.end.Failed + `"`: row.end.Failed != "", `"open":true`: strings.Contains(text, "open"),
		} {
			if strings.Contains(asJSON.String(), name) != want {
				t.Errorf("got %s, want %s: %v", asJSON.String(), name, want)
			}
		}
	}
}

// A denial that ended what was under way says how long that had lasted.
func TestLogsOfCut(t *testing.T) {
	d := store.Decision{Verdict: store.VerdictDeny, Layer: "l7", Ending: store.Ending{Duration: 90 * time.Second}}
	if got := printed(t, d, false); !strings.Contains(got, "1m30s") {
		t.Errorf("got %s", got)
	}
}

func TestMoment(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		"10m": now.Add(-10 * time.Minute), "1d": now.Add(-24 * time.Hour), "1d12h": now.Add(-36 * time.Hour),
		"2026-11-26T11:00:00Z": time.Date(2026, 11, 26, 11, 0, 0, 0, time.UTC), "2026-11-26 11:00": now.Add(-time.Hour),
		"2026-11-26 11:00:01": now.Add(time.Second - time.Hour), "2026-11-26": now.Add(-12 * time.Hour),
	} {
		var m moment
		if err := m.Set(text); err != nil || !m.from(now).Equal(want) {
			t.Errorf("%s: got %v, %v, want %v", text, m.from(now), err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "d", "-1d", "0", "-5m", "1d-25h", "1dx", "99999999999d", "100000d2000000h", "2026-13-01", "11:00"} {
		if err := new(moment).Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
