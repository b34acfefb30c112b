package docs

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestArchitecture holds the packages to the table in ARCHITECTURE.md: which
// exist, what each says of itself, and which may import which.
func TestArchitecture(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		imports []string
		doc     string
	}
	table := map[string]row{}
	for line := range strings.Lines(string(text)) {
		cell := strings.Split(line, "|")
		if len(cell) != 5 || !strings.HasPrefix(cell[1], " `") {
			continue
		}
		table[strings.Trim(cell[1], " `")] = row{
			imports: strings.Split(strings.ReplaceAll(cell[2], " ", ""), ","),
			doc:     strings.TrimSpace(cell[3]),
		}
	}
	const module = "exeat/" // the go.mod path
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Doc", "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct {
			ImportPath, Doc string
			Imports         []string
		}
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(pkg.ImportPath, module)
		row, ok := table[name]
		if !ok {
			t.Errorf("%s: not in docs/ARCHITECTURE.md", name)
			continue
		}
		delete(table, name)
		if pkg.Doc != row.doc {
			t.Errorf("%s: package comment\n got %q\nwant %q", name, pkg.Doc, row.doc)
		}
		for _, imp := range pkg.Imports {
			if own, ok := strings.CutPrefix(imp, module); ok && !slices.Contains(row.imports, own) {
				t.Errorf("%s imports %s, which docs/ARCHITECTURE.md does not allow", name, own)
			}
		}
	}
	for name := range maps.Keys(table) {
		t.Errorf("%s: in docs/ARCHITECTURE.md but not in the module", name)
	}
}
