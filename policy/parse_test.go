package policy_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"exeat/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestParse holds each policy of testdata/parse to its problems and, where it
// loads, to its canonical form.
func TestParse(t *testing.T) {
	files, err := filepath.Glob("testdata/parse/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Comment: archive.Comment}
			for _, f := range archive.Files {
				if !strings.HasSuffix(f.Name, ".yaml") {
					continue
				}
				got.Files = append(got.Files, f)
				got.Files = append(got.Files, parsed(t, f)...)
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(got)), string(txtar.Format(archive))); diff != "" {
				t.Errorf("run with -update after reading (-got +want):\n%s", diff)
			}
		})
	}
}

// parsed is what the golden file should hold after a policy.
func parsed(t *testing.T, f txtar.File) []txtar.File {
	t.Helper()
	p, problems := policy.Parse(f.Name, f.Data)
	if (p == nil) != problems.HasErrors() {
		t.Errorf("%s: policy nil is %t, errors is %t", f.Name, p == nil, problems.HasErrors())
	}
	var out []txtar.File
	if p != nil {
		problems = append(problems, policy.Check(p).In(f.Name)...)
	}
	if len(problems) > 0 {
		var b strings.Builder
		for _, problem := range problems {
			b.WriteString(string(problem.Severity) + " " + problem.String() + "\n")
		}
		out = append(out, txtar.File{Name: "problems", Data: []byte(b.String())})
	}
	if p != nil {
		out = append(out, txtar.File{Name: "canonical", Data: p.Text()})
		checkRoundTrip(t, p)
	}
	return out
}

// checkRoundTrip ensures that the canonical text means the policy, and is its own.
func checkRoundTrip(t *testing.T, p *policy.Policy) {
	t.Helper()
	again, problems := policy.Parse("", p.Text())
	if again == nil {
		t.Fatalf("the canonical text does not load:\n%v\n%s", problems, p.Text())
	}
	if diff := cmp.Diff(again, p, cmpopts.IgnoreTypes(policy.Position{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the canonical text is another policy (-got +want):\n%s", diff)
	}
	if got, want := string(again.Text()), string(p.Text()); got != want {
		t.Errorf("canonical text of canonical text:\n%s\nwant\n%s", got, want)
	}
	if got, want := again.StaticDigest(), p.StaticDigest(); got != want {
		t.Errorf("static digest %s, want %s", got, want)
	}
}
