package approvals_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/approvals"
)

// What a change takes away is said too, after what it adds, and has no part in what is signed.
func TestWithdrawn(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		want []string
	}{
		"a block":      {"version: 1\n", []string{"GET, HEAD and OPTIONS https://github.com:443/** by /usr/bin/git and what it starts"}},
		"some methods": {strings.Replace(basePolicy, "access: read-only", "rules: [ { allow: { method: GET, path: /** } } ]", 1), []string{"OPTIONS https://github.com:443/** by /usr/bin/git and what it starts"}},
		"by a deny rule": {
			strings.Replace(basePolicy, " access: read-only }", " access: read-only, deny_rules: [ { method: GET, path: /secret } ] }", 1),
			[]string{"GET and HEAD https://github.com:443/secret by /usr/bin/git and what it starts, by a deny rule"},
		},
		"nothing":      {basePolicy, []string{}},
		"more of each": {strings.Replace(basePolicy, "access: read-only", "access: full", 1), []string{}},
	} {
		o := newOffice(t)
		sandbox, err := o.Store.SandboxByID(t.Context(), "box1")
		if err != nil {
			t.Fatal(err)
		}
		base, candidate := parse(t, basePolicy), parse(t, row.text)
		r, err := o.ReviewText(t.Context(), sandbox, approvals.Base{Revision: 1, Policy: base}, candidate)
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(row.want, r.Withdrawn); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if r.Digest != approvals.Digest("box1", base.Digest(), candidate.Digest()) {
			t.Errorf("%s: the digest is of something else", name)
		}
		page := render(t, r, approvals.Style{})
		permitted, taken, said := strings.Cut(page, "\nNo longer permitted, or only in part\n  - ")
		if said != (len(row.want) > 0) || said && (!strings.Contains(permitted, "Newly permitted") || !strings.Contains(taken, "\nDiff\n")) {
			t.Errorf("%s: got %s", name, page)
		}
	}
}

// However much is taken away, what is newly permitted stays in sight.
func TestWithdrawnIsShort(t *testing.T) {
	r := approvals.Review{Short: "abcdef", Withdrawn: []string{strings.Repeat("A", 10_000), "\x1b[2J"}}
	for i := range 100 {
		r.Withdrawn = append(r.Withdrawn, fmt.Sprint("sentence ", i))
	}
	page := render(t, r, approvals.Style{})
	_, taken, _ := strings.Cut(page, "\nNo longer permitted, or only in part\n")
	taken, _, _ = strings.Cut(taken, "\n\nDiff\n")
	if lines := strings.Split(taken, "\n"); len(lines) > 11 || !strings.HasPrefix(lines[len(lines)-1], "    and 9") || strings.Contains(taken, "\x1b") {
		t.Errorf("got %d lines:\n%s", len(lines), taken)
	}
}
