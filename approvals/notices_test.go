package approvals_test

import (
	"strings"
	"testing"

	"exeat/approvals"
)

// A reviewer reads what policy check would say of the candidate, as far as it is not true of the base.
func TestReviewSaysWhatCheckFinds(t *testing.T) {
	o := newOffice(t)
	const narrowed = basePolicy + "  ssh:\n    endpoints:\n      - { host: github.com, port: 443, protocol: tcp }\n    binaries:\n      - { path: /usr/bin/ssh }\n"
	filed, err := o.Submit(t.Context(), approvals.Submission{SandboxID: "box1", BaseRevision: 1, YAML: []byte(narrowed), Reason: "ssh"})
	if err != nil {
		t.Fatal(err)
	}
	if got := findings(filed.Review, "read-narrower"); len(got) != 1 || !strings.HasPrefix(got[0], "github.com:443: block github inspects github.com:443") {
		t.Errorf("findings %q", filed.Review.Findings)
	}
	for _, row := range []struct{ name, more, code string }{
		{"a writable program", "      - { path: /sandbox/x }\n", "writable-binary"},
		{"audit", "  z:\n    endpoints:\n      - { host: z.example, port: 443, protocol: rest, enforcement: audit, access: read-only }\n    binaries:\n      - { path: /usr/bin/git }\n", "audit"},
	} {
		filed, err := o.Submit(t.Context(), approvals.Submission{SandboxID: "box1", BaseRevision: 1, YAML: []byte(basePolicy + row.more), Reason: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if got := findings(filed.Review, row.code); len(got) != 1 {
			t.Errorf("%s: said %d times: %q", row.name, len(got), got)
		}
	}
}

// What was true before is no news.
func TestReviewLeavesOutWhatTheBaseHas(t *testing.T) {
	o := newOffice(t)
	const narrowed = basePolicy + "  ssh:\n    endpoints:\n      - { host: github.com, port: 443 }\n    binaries:\n      - { path: /usr/bin/ssh }\n"
	const more = "  a:\n    endpoints:\n      - { host: a.example, port: 443, protocol: rest, access: read-only }\n    binaries:\n      - { path: /usr/bin/git }\n"
	sandbox, err := o.Store.SandboxByID(t.Context(), "box1")
	if err != nil {
		t.Fatal(err)
	}
	review, err := o.ReviewText(t.Context(), sandbox, approvals.Base{Revision: 1, Policy: parse(t, narrowed)}, parse(t, narrowed+more))
	if err != nil {
		t.Fatal(err)
	}
	if got := findings(review, "read-narrower"); len(got) != 0 {
		t.Errorf("findings %q", got)
	}
}

func findings(review approvals.Review, code string) []string {
	var out []string
	for _, f := range review.Findings {
		if f.Code == code {
			out = append(out, f.Message)
		}
	}
	return out
}
