package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"exeat/policy"
)

// FuzzParse feeds hostile documents: proposals are written by agents. Whatever
// loads has a canonical text that loads as the same policy, and compiles: a human
// must not be asked to sign what no supervisor can put in force.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/parse/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, seed := range archive.Files {
			f.Add(seed.Data)
		}
	}
	for _, file := range []string{"testdata/tutorial-old.yaml", "testdata/tutorial-new.yaml", "default.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, problems := policy.Parse("fuzz.yaml", src)
		if (p == nil) != problems.HasErrors() {
			t.Fatalf("policy nil is %t, but problems are %v", p == nil, problems)
		}
		if p == nil {
			return
		}
		policy.Check(p)
		checkRoundTrip(t, p)
		if engine, problems := policy.Compile(p, policy.Options{}); engine == nil {
			t.Errorf("it loads and does not compile: %v", problems)
		}
	})
}

// FuzzApply feeds hostile operations, as an agent sends them. What is applied
// is a policy that loads, with the static sections it had.
func FuzzApply(f *testing.F) {
	for _, seed := range []string{
		`[{"op":"add_rule","block":"api","host":"api.example.com","port":443,"rule":{"method":"PUT","path":"/x","query":{"a":["b"]}}}]`,
		`[{"op":"add_deny_rule","block":"api","host":"*.example.org","port":8443,"rule":{"method":"*","path":"/**"}}]`,
		`[{"op":"set_access","block":"api","host":"split.example.com","port":443,"path":"/v1/**","access":"read-only"}]`,
		`[{"op":"add_endpoint","block":"api","endpoint":{"host":"n.example.com","ports":[1,2],"tls":"skip","allowed_ips":["10.0.0.1"]}}]`,
		`[{"op":"add_rule","block":"api","host":"api.example.com","port":443,"rule":{"git":{"repo":"a/b","push":["refs/heads/x"],"create":true}}}]`,
		`[{"op":"add_endpoint","block":"api","endpoint":{"host":"n.example.com","port":1,"path":"/g","protocol":"graphql","rules":[{"operation_type":"query","operation_name":"","fields":["a"]}]}}]`,
		`[{"op":"add_endpoint","block":"api","endpoint":{"host":"n.example.com","port":1,"path":"/m","protocol":"mcp","rules":[{"method":"tools/call","tool":["a","b*"]}]}}]`,
		`[{"op":"remove_endpoint","block":"api","endpoint":{"host":"raw.example.com","port":22}},{"op":"remove_block","block":"api"}]`,
		`[{"op":"add_block","block":"b","endpoints":[{"host":"b.example.com","port":1,"protocol":"rest","access":"full"}],"binaries":[{"path":"/b: \"\n","descendants":false}]}]`,
	} {
		f.Add([]byte(seed))
	}
	start, problems := policy.Parse("", []byte(base))
	if start == nil {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var ops []policy.Operation
		if json.Unmarshal(src, &ops) != nil || len(ops) > 20 {
			return
		}
		changed, err := policy.Apply(start, ops)
		if (changed == nil) != (err != nil) {
			t.Fatalf("policy %v, error %v", changed, err)
		}
		if changed == nil {
			return
		}
		checkRoundTrip(t, changed)
		if diff := policy.StaticDifferences(start, changed); len(diff) > 0 {
			t.Errorf("operations changed static sections: %v", diff)
		}
	})
}
