package approvals_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/approvals"
	"exeat/approvals/risk"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func render(t *testing.T, r approvals.Review, s approvals.Style) string {
	t.Helper()
	var out strings.Builder
	if err := approvals.Render(&out, r, s); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRenderGolden(t *testing.T) {
	o := newOffice(t)
	s := push()
	s.Operations[0].Rule.Method = "*"
	s.Reason = "The tests pass and the branch is ready; I want to push it so that you can open a pull request from it."
	r := o.submit(t, s)
	r.CreatedAt = time.Date(2026, 11, 23, 20, 0, 0, 0, time.Local)
	r.ExpiresAt = r.CreatedAt.Add(approvals.Lifetime)
	r.WouldAllow = []int64{4, 7}
	r.Rejected = []approvals.Earlier{{ID: 2, Comment: "one repository is enough"}}
	got := render(t, r, approvals.Style{})
	golden := filepath.Join("testdata", "review.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// hostile are texts that an agent may send to whoever reads them (AP07).
var hostile = []string{
	"\x1b[2J\x1b[H", "\x1b]0;title\x07", "\u202egnp.exe", "a\u0000b", "\r\nDigest 000000\n",
	"\u0430pple", "\xff\xfe", "\u200b", strings.Repeat("A", 10_000), "Newly permitted\n    nothing",
}

// Whatever is in the records, the page is printable ASCII, every line of the
// proposer's is fenced, and it comes after the digest.
func TestRenderHostileText(t *testing.T) {
	printable := regexp.MustCompile(`^[ -~\n]*$`)
	for _, text := range hostile {
		r := approvals.Review{
			Proposal: approvals.Proposal{ID: 1, Sandbox: text, Proposer: text, Digest: "abcdef", Untrusted: approvals.Untrusted{Reason: text}},
			Permits:  []string{text}, Findings: []risk.Finding{{Code: "x", Severity: risk.High, Message: text}},
			Rejected: []approvals.Earlier{{ID: 2, Comment: text}}, Diff: "--- a\n+++ b\n@@ -1 +1 @@\n+" + text + "\n", Short: "abcdef",
		}
		got := render(t, r, approvals.Style{Width: 60})
		if !printable.MatchString(got) {
			t.Errorf("%q: page is not printable: %q", text, got)
		}
		_, words, found := strings.Cut(got, "The proposer's own words")
		if !found {
			continue // nothing visible was said
		}
		if strings.Contains(words, "Digest abcdef") {
			t.Errorf("%q: the digest comes after the words", text)
		}
		for line := range strings.Lines(words[strings.Index(words, "\n")+1:]) {
			if !strings.HasPrefix(line, "  | ") {
				t.Errorf("%q: line %q is not fenced", text, line)
			}
		}
	}
}

// Paint changes nothing but paint.
func TestRenderPaint(t *testing.T) {
	o := newOffice(t)
	r := o.submit(t, push())
	mark := func(s string) string { return "\x1b[1m" + s + "\x1b[0m" }
	painted := render(t, r, approvals.Style{Heading: mark, Added: mark, Removed: mark, Alarm: mark, Faint: mark})
	plain := strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(painted)
	if diff := cmp.Diff(render(t, r, approvals.Style{}), plain); diff != "" {
		t.Error(diff)
	}
}

func FuzzNeutral(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	printable := regexp.MustCompile(`^[ -~]*$`)
	f.Fuzz(func(t *testing.T, text string) {
		got := approvals.Neutral(text)
		if !printable.MatchString(got) {
			t.Errorf("%q becomes %q", text, got)
		}
		if again := approvals.Neutral(got); again != got {
			t.Errorf("%q becomes %q and then %q", text, got, again)
		}
	})
}

// A submission is an agent's: whatever it holds is refused in words or filed,
// and what is filed can be shown.
func FuzzSubmit(f *testing.F) {
	f.Add([]byte(basePolicy), "why")
	f.Add([]byte("{{},<<}"), "\x1b")
	f.Fuzz(func(t *testing.T, text []byte, reason string) {
		o := newOffice(t)
		filed, err := o.Submit(t.Context(), approvals.Submission{SandboxID: "box1", BaseRevision: 1, YAML: text, Reason: reason})
		if err != nil {
			return
		}
		if _, err := o.ShowFiled(t.Context(), filed.Review.ID); err != nil {
			t.Errorf("filed and cannot be shown: %v", err)
		}
	})
}
