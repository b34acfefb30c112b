package seal_test

import (
	"encoding/json"
	"strings"
	"testing"

	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/store"
)

// Everything that a sandbox is shown of a home directory is in what is signed;
// what was signed before packages and toolchains were known stays the same.
func TestAuthorityTools(t *testing.T) {
	p, problems := policy.Parse("test", []byte("version: 1\n"))
	if p == nil {
		t.Fatal(problems)
	}
	old := func() store.Spec {
		return store.Spec{Program: &store.Program{Source: "/home/u/bin/tool", Link: "tool"}}
	}
	authority := seal.AuthorityOf(old(), p)
	if text, err := json.Marshal(authority); err != nil || strings.Contains(string(text), "tools") || authority.Program != "/home/u/bin/tool\x00tool" {
		t.Errorf("an earlier statement is another now: %s, %v", text, err)
	}
	seen := map[string]string{authority.Digest(): "nothing more"}
	for what, change := range map[string]func(*store.Spec){
		"a package":      func(s *store.Spec) { s.Program.Show = []string{"/home/u/a"} },
		"two packages":   func(s *store.Spec) { s.Program.Show = []string{"/home/u/a", "/home/u/b"} },
		"a directory":    func(s *store.Spec) { s.Program.Show, s.Program.Bin = []string{"/home/u/a"}, []string{"/home/u/b"} },
		"an interpreter": func(s *store.Spec) { s.Program.Show, s.Program.Interpreter = []string{"/home/u/a"}, "/home/u/b" },
		"it alone":       func(s *store.Spec) { s.Program.Interpreter = "/home/u/b" },
		"its name":       func(s *store.Spec) { s.Program.Show, s.Program.Runs = []string{"/home/u/a"}, "node" },
		"a tool":         func(s *store.Spec) { s.Tools = []store.Tool{{Name: "x", Show: []string{"/home/u/a"}}} },
		"another place":  func(s *store.Spec) { s.Tools = []store.Tool{{Name: "x", Show: []string{"/home/u/b"}}} },
		"a tool in PATH": func(s *store.Spec) {
			s.Tools = []store.Tool{{Name: "x", Show: []string{"/home/u/a"}, Bin: []string{"/home/u/a"}}}
		},
		"its variable": func(s *store.Spec) {
			s.Tools = []store.Tool{{Name: "x", Show: []string{"/home/u/a"}, Env: map[string]string{"A": "1"}}}
		},
		"its value": func(s *store.Spec) {
			s.Tools = []store.Tool{{Name: "x", Show: []string{"/home/u/a"}, Env: map[string]string{"A": "2"}}}
		},
	} {
		spec := old()
		change(&spec)
		digest := seal.AuthorityOf(spec, p).Digest()
		if other, taken := seen[digest]; taken {
			t.Errorf("%s and %s are signed as the same", what, other)
		}
		seen[digest] = what
	}
}
