package policy_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/policy"
)

// TestDefault ensures that the embedded default has nothing to apologise for:
// no finding, nothing uninspected, no wildcard.
func TestDefault(t *testing.T) {
	p, problems := policy.Parse("default.yaml", policy.Default())
	if problems = append(problems, policy.Check(p, "/home/user/project")...); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	var keys []string
	for _, b := range p.Blocks {
		keys = append(keys, b.Key)
		for _, e := range b.Endpoints {
			if e.Protocol != policy.REST && e.Protocol != policy.GraphQL || e.Enforcement != policy.Enforce || strings.Contains(e.Host, "*") {
				t.Errorf("%s: %s is %q, %s", b.Key, e.Host, e.Protocol, e.Enforcement)
			}
		}
	}
	if diff := cmp.Diff(keys, []string{"claude_code", "github_rest_api", "github_ssh_over_https"}); diff != "" {
		t.Error(diff)
	}
	policy.Default()[0] = 'X'
	if !bytes.HasPrefix(policy.Default(), []byte("# ")) {
		t.Error("a caller can change the default")
	}
}

// TestCheckWritable ensures that a program in a directory the caller names is
// found, however its path is written.
func TestCheckWritable(t *testing.T) {
	for path, want := range map[string]bool{
		"/home/me/work/bin/tool": true, "/home/*/work/**": true, "/**/tool": true, "/home/me/wor*/x": true,
		"/home/me/worker/tool": false, "/usr/bin/*": false, "/home/me/work": false,
	} {
		p := mustParse(t, "version: 1\nnetwork_policies:\n  a:\n    endpoints: [{ host: a.example.com, port: 1 }]\n    binaries: [{ path: \""+path+"\" }]\n")
		found := policy.Check(p, "/home/me/work")
		if got := len(found) > 0 && found[0].Code == policy.FindingWritableBinary; got != want {
			t.Errorf("%s: writable is %t, want %t (%v)", path, got, want, found)
		}
	}
}

func TestStatic(t *testing.T) {
	base := mustParse(t, "version: 1\nfilesystem_policy: { read_only: [/usr, /etc] }\nprocess: { run_as_user: 5 }\n")
	other := mustParse(t, "version: 1\nfilesystem_policy: { include_workdir: true, read_only: [/usr, /opt], read_write: [/srv] }\n"+
		"landlock: { compatibility: hard_requirement }\nnetwork_policies:\n  a:\n    endpoints: [{ host: a.example.com, port: 1 }]\n    binaries: [{ path: /a }]\n")
	want := []string{
		"filesystem_policy.include_workdir: is true, was false",
		"filesystem_policy.read_only: adds /opt",
		"filesystem_policy.read_only: removes /etc",
		"filesystem_policy.read_write: adds /srv",
		"landlock.compatibility: is hard_requirement, was best_effort",
		"process.run_as_user: is sandbox, was 5",
	}
	if diff := cmp.Diff(policy.StaticDifferences(base, other), want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	merged := other.WithStatic(base)
	if diff := cmp.Diff(policy.StaticDifferences(base, merged), []string(nil)); diff != "" {
		t.Errorf("after WithStatic: %s", diff)
	}
	if merged.StaticDigest() != base.StaticDigest() || len(merged.Blocks) != 1 || merged.Digest() == other.Digest() {
		t.Errorf("WithStatic gave\n%s", merged.Text())
	}
}

func TestParseLimits(t *testing.T) {
	big := append([]byte("version: 1\n#"), bytes.Repeat([]byte("x"), policy.MaxSize)...)
	paths := "version: 1\nfilesystem_policy:\n  read_only:\n"
	for i := range 257 {
		paths += "    - /p" + strings.Repeat("x", i) + "\n"
	}
	endpoints := "version: 1\nnetwork_policies:\n  a:\n    binaries: [{ path: /a }]\n    endpoints:\n" +
		strings.Repeat("      - { host: a.example.com, port: 1 }\n", 1025)
	items := "version: 1\nfilesystem_policy:\n  read_only: [" + strings.Repeat("/a,", 5000) + "]\n"
	for name, row := range map[string]struct{ src, want string }{
		"list":      {items, "f:3:14: filesystem_policy.read_only: the list has 5000 items, more than 4096"},
		"endpoints": {endpoints, "f:3:3: network_policies: 1025 endpoints are more than 1024"},
		"size":      {string(big), "f: the policy has 1048588 bytes, more than 1048576"},
		"paths":     {paths, "f:3:3: filesystem_policy: 257 paths are more than 256 (name directories instead of what is in them)"},
		"nesting":   {"version: " + strings.Repeat("[", 20000), "f: not YAML: exceeded max depth of 10000"},
	} {
		_, problems := policy.Parse("f", []byte(row.src))
		if len(problems) != 1 || problems[0].String() != row.want {
			t.Errorf("%s: got %.300v\nwant %s", name, problems, row.want)
		}
	}
	_, problems := policy.Parse("f", []byte(strings.Repeat("x:\n", 1000)))
	if last := problems[len(problems)-1]; len(problems) != 101 || !strings.Contains(last.Message, "too many problems") {
		t.Errorf("%d problems, the last is %v", len(problems), last)
	}
}

// TestDocExample ensures that the example of the package comment loads.
func TestDocExample(t *testing.T) {
	src, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	for line := range strings.Lines(string(src)) {
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			example.WriteString(text)
		} else if strings.TrimSpace(line) == "//" {
			example.WriteString("\n")
		}
	}
	if p := mustParse(t, example.String()); len(policy.Check(p)) != 0 {
		t.Errorf("findings: %v", policy.Check(p))
	}
}

// request is one row of TestReference.
type request struct {
	file, exe, method, host, path string
	want                          policy.Verdict
}

// TestReference holds the policies people start from to what they say.
func TestReference(t *testing.T) {
	const oldFile, newFile, standard = "testdata/tutorial-old.yaml", "testdata/tutorial-new.yaml", "default.yaml"
	const git, curl, pip = "/usr/bin/git", "/usr/bin/curl", "/sandbox/.venv/bin/pip"
	for _, r := range []request{
		{standard, git, "GET", "github.com", "/acme/widgets.git/info/refs", policy.Allowed},
		{standard, git, "GET", "github.com", "/acme/widgets/info/refs", policy.Allowed},
		{standard, git, "POST", "github.com", "/acme/widgets.git/git-upload-pack", policy.Allowed},
		{standard, git, "POST", "github.com", "/acme/widgets.git/git-receive-pack", policy.Denied},
		{standard, curl, "GET", "api.github.com", "/repos/acme/widgets", policy.Allowed},
		{standard, curl, "PUT", "api.github.com", "/repos/acme/widgets/contents/hello_world.py", policy.Denied},
		{standard, curl, "POST", "api.github.com", "/graphql", policy.Denied},
		{standard, curl, "POST", "api.anthropic.com", "/v1/messages", policy.Denied},
		{standard, "/usr/local/bin/claude", "POST", "api.anthropic.com", "/v1/messages", policy.Allowed},
		{standard, "/usr/local/bin/claude", "POST", "platform.claude.com", "/v1/oauth/token", policy.Allowed},
		{standard, "/usr/local/bin/claude", "POST", "claude.ai", "/api/organizations", policy.Denied},
		{oldFile, git, "GET", "github.com", "/acme/widgets.git/info/refs", policy.Allowed},
		{oldFile, git, "POST", "github.com", "/acme/widgets.git/git-receive-pack", policy.Allowed},
		{oldFile, git, "POST", "github.com", "/acme/widgets/git-receive-pack", policy.Denied},
		{oldFile, git, "POST", "github.com", "/acme/other.git/git-receive-pack", policy.Denied},
		{oldFile, curl, "PUT", "api.github.com", "/repos/acme/widgets/contents/x", policy.Allowed},
		{oldFile, curl, "PUT", "api.github.com", "/repos/acme/other/contents/x", policy.Denied},
		{oldFile, curl, "POST", "api.github.com", "/graphql", policy.Allowed},
		{oldFile, pip, "GET", "github.com", "/acme/widgets/archive/x.zip", policy.Allowed},
		{oldFile, pip, "POST", "github.com", "/acme/widgets.git/git-upload-pack", policy.Allowed},
		{oldFile, pip, "POST", "github.com", "/acme/widgets.git/git-receive-pack", policy.Denied},
		{oldFile, pip, "PUT", "api.github.com", "/repos/acme/widgets/contents/x", policy.Denied},
		{oldFile, pip, "", "pypi.org", "", policy.Allowed},
		{oldFile, curl, "", "pypi.org", "", policy.Denied},
		{newFile, curl, "PUT", "api.github.com", "/repos/acme/widgets/contents/x", policy.Allowed},
		{newFile, curl, "PUT", "api.github.com", "/repos/acme/other/contents/x", policy.Denied},
		{newFile, curl, "GET", "api.github.com", "/user", policy.Denied},
		{newFile, curl, "POST", "api.github.com", "/graphql", policy.Denied}, // not inspected yet
		{newFile, git, "POST", "github.com", "/acme/widgets.git/git-receive-pack", policy.Allowed},
	} {
		src, err := os.ReadFile(r.file)
		if err != nil {
			t.Fatal(err)
		}
		engine, problems := policy.Compile(mustParse(t, string(src)), policy.Options{})
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		admission := engine.Connect(policy.Destination{Host: r.host, Port: 443, Caller: policy.Caller{Exe: r.exe}})
		got := admission.Decision
		if got.Verdict == policy.Allowed && admission.Inspect {
			got = admission.Request(policy.Request{Method: r.method, Path: r.path})
		}
		if got.Verdict != r.want {
			t.Errorf("%s: %s %s %s%s is %s (%s), want %s", r.file, r.exe, r.method, r.host, r.path, got.Verdict, got.Reason, r.want)
		}
	}
}
