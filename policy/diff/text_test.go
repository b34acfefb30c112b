package diff_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/policy/diff"
)

func TestText(t *testing.T) {
	lines := func(from, to int) string {
		var b strings.Builder
		for i := from; i <= to; i++ {
			fmt.Fprintf(&b, "%d\n", i)
		}
		return b.String()
	}
	for _, row := range []struct {
		name, a, b, want string
	}{
		{"equal", "x\n", "x\n", ""},
		{"both empty", "", "", ""},
		{"one line", "x\n", "y\n", "@@ -1 +1 @@\n-x\n+y\n"},
		{"from nothing", "", "x\ny\n", "@@ -0,0 +1,2 @@\n+x\n+y\n"},
		{"to nothing", "x\n", "", "@@ -1 +0,0 @@\n-x\n"},
		{
			"three lines around", lines(1, 9), strings.Replace(lines(1, 9), "5\n", "five\n", 1),
			"@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
		},
		{
			"six lines between are one hunk", lines(1, 8), "0\n" + lines(2, 7) + "9\n",
			"@@ -1,8 +1,8 @@\n-1\n+0\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+9\n",
		},
		{
			"seven lines between are two", lines(1, 9), "0\n" + lines(2, 8) + "9!\n",
			"@@ -1,4 +1,4 @@\n-1\n+0\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+9!\n",
		},
		{
			"no newline at the end", "x\ny", "x\ny\n",
			"@@ -1,2 +1,2 @@\n x\n-y\n\\ No newline at end of file\n+y\n",
		},
	} {
		want := row.want
		if want != "" {
			want = "--- old\n+++ new\n" + want
		}
		if diff := cmp.Diff(diff.Text("old", "new", []byte(row.a), []byte(row.b)), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", row.name, diff)
		}
	}
}

// FuzzText: applied to a, the diff gives b.
func FuzzText(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc\n")
	f.Add("a", "")
	f.Add("\n\n\n", "\n")
	f.Add("a\n\\ No newline\n", "-a\n+b")
	f.Fuzz(func(t *testing.T, a, b string) { checkApplies(t, a, b) })
}

// Long texts with more lines than a byte or a surrogate can number.
func TestTextIsExactWhenLong(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var a, b strings.Builder
	for i := range 70000 {
		fmt.Fprintf(&a, "%x\n", i)
		switch random.IntN(2000) {
		case 0:
			fmt.Fprintf(&b, "new %x\n", i)
		case 1:
		default:
			fmt.Fprintf(&b, "%x\n", i)
		}
	}
	checkApplies(t, a.String(), b.String())
}

func checkApplies(t *testing.T, a, b string) {
	t.Helper()
	text := diff.Text("a", "b", []byte(a), []byte(b))
	if (text == "") != (a == b) {
		t.Fatalf("%.200q and %.200q: got the diff %.200q", a, b, text)
	}
	if got := apply(t, a, text); got != b {
		t.Errorf("%.200q and %.200q: the diff gives %.200q:\n%.2000s", a, b, got, text)
	}
}

// apply is patch, strict about line numbers and context.
func apply(t *testing.T, a, text string) string {
	t.Helper()
	var out strings.Builder
	source := strings.SplitAfter(a, "\n")
	at := 0
	take := func(want string) {
		if at >= len(source) || source[at] != want {
			t.Fatalf("line %d of the source is not %q:\n%.2000s", at+1, want, text)
		}
		at++
	}
	edits := strings.SplitAfter(text, "\n")
	for i := 0; i < len(edits); i++ {
		line := edits[i]
		if i < 2 || line == "" {
			continue
		}
		body := line[1:]
		if i+1 < len(edits) && strings.HasPrefix(edits[i+1], "\\") {
			body = strings.TrimSuffix(body, "\n")
		}
		switch line[0] {
		case '@':
			for start := startOf(t, line); at < start; at++ {
				out.WriteString(source[at])
			}
		case ' ':
			take(body)
			out.WriteString(body)
		case '-':
			take(body)
		case '+':
			out.WriteString(body)
		case '\\':
		default:
			t.Fatalf("a line of the diff is %q", line)
		}
	}
	out.WriteString(strings.Join(source[min(at, len(source)):], ""))
	return out.String()
}

// startOf is the number of lines before a hunk of "@@ -start,count +start,count @@".
func startOf(t *testing.T, header string) int {
	t.Helper()
	before, _, _ := strings.Cut(header, " +")
	start, count, counted := 0, 1, strings.Contains(before, ",")
	var err error
	if counted {
		_, err = fmt.Sscanf(before, "@@ -%d,%d", &start, &count)
	} else {
		_, err = fmt.Sscanf(before, "@@ -%d", &start)
	}
	if err != nil {
		t.Fatalf("%q: %v", header, err)
	}
	if count == 0 {
		return start
	}
	return start - 1
}
