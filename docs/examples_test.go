package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"exeat/policy"
)

var yamlBlock = regexp.MustCompile("(?ms)^[ \t]*```ya?ml[^\n]*\n(.*?)^[ \t]*```[ \t]*$")

// TestExamples holds every YAML example of the documentation to the parser: it
// loads, and says nothing that the parser has to warn of.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, filepath.Join("..", "README.md")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range yamlBlock.FindAllSubmatchIndex(text, -1) {
			found++
			first := 1 + strings.Count(string(text[:at[2]]), "\n")
			t.Run(fmt.Sprintf("%s line %d", file, first), func(t *testing.T) {
				p, problems := policy.Parse(file, text[at[2]:at[3]])
				if p != nil {
					problems = append(problems, policy.Check(p).In(file)...)
				}
				for _, problem := range problems {
					t.Error(problem)
				}
			})
		}
	}
	if found == 0 {
		t.Error("no YAML example found")
	}
}
