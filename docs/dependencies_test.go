package docs

import (
	"os"
	"path"
	"strings"
	"testing"
)

// Every module that the code imports has its line in dependencies.md, by the last two names of its path.
func TestDependencies(t *testing.T) {
	reasons, err := os.ReadFile("dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	modules, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(modules), "require (\n")
	list, _, _ = strings.Cut(list, "\n)")
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) != 2 { // a third says that it is indirect
			continue
		}
		dir, last := path.Split(fields[0])
		if name := path.Join(path.Base(dir), last); !strings.Contains(string(reasons), name) {
			t.Errorf("%s has no line in dependencies.md", name)
		}
	}
}
