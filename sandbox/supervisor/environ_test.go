package supervisor

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"exeat/policy"
)

func TestEnvironment(t *testing.T) {
	env := environment("demo", "/bin/bash", map[string]string{"GITHUB_TOKEN": "placeholder", "EDITOR": "vi"}, map[string]string{"EDITOR": "ed"})
	for _, want := range []string{
		"HOME=/sandbox", "SHELL=/bin/bash", "EXEAT_SANDBOX=demo", "GITHUB_TOKEN=placeholder", "EDITOR=ed",
		"NODE_EXTRA_CA_CERTS=/exeat/ca-bundle.pem", "SSL_CERT_FILE=/exeat/ca-bundle.pem",
	} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %q", want, env)
		}
	}
	if !slices.ContainsFunc(env, func(s string) bool { return strings.HasPrefix(s, "PATH=") && strings.HasSuffix(s, ":/exeat/bin") }) {
		t.Error("PATH does not end with /exeat/bin")
	}
	if env := withExtra(env, []string{"TERM=vt100", "nonsense", "X=a=b"}); !slices.Contains(env, "TERM=vt100") || !slices.Contains(env, "X=a=b") || slices.Contains(env, "nonsense") {
		t.Errorf("got %q", env)
	}
}

// Real git reads back what was written, also from hostile names.
func TestGitConfig(t *testing.T) {
	for _, name := range []string{"Ada", `Ada "the\first"`, "Ada # not a comment ; nor this", " padded ", "a\nb\t[core]\n\teditor = x"} {
		path := t.TempDir() + "/config"
		writeFile(t, path, gitConfig(name, "ada@example.com", forges))
		for key, want := range map[string]string{"user.name": name, "user.email": "ada@example.com", "safe.directory": "*"} {
			out, err := exec.Command("git", "config", "-z", "-f", path, key).Output()
			if err != nil || string(out) != want+"\x00" {
				t.Errorf("%q: got %s %q, %v, want %q", name, key, out, err, want)
			}
		}
		if exec.Command("git", "config", "-f", path, "core.editor").Run() == nil {
			t.Errorf("%q: set core.editor", name)
		}
	}
}

// Real git turns remotes over SSH into the same repositories over HTTPS, for
// the forges and for every name of the policy, and leaves others alone.
func TestGitRemotes(t *testing.T) {
	p, problems := policy.Parse("test", []byte(`version: 1
network_policies:
  forge:
    endpoints:
      - { host: git.example.com, port: 443 }
      - { host: "*.example.org", port: 443 }
      - { host: plain.example.com, port: 80 }
      - { host: 192.0.2.1, port: 443 }
    binaries: [ { path: /usr/bin/git } ]
`))
	if p == nil {
		t.Fatal(problems)
	}
	path := t.TempDir() + "/config"
	writeFile(t, path, gitConfig("", "", gitHosts(p)))
	for remote, want := range map[string]string{
		"git@github.com:a/b.git":           "https://github.com/a/b.git",
		"ssh://git@gitlab.com/a/b.git":     "https://gitlab.com/a/b.git",
		"git@bitbucket.org:a/b":            "https://bitbucket.org/a/b",
		"git@codeberg.org:a/b":             "https://codeberg.org/a/b",
		"git@git.example.com:a/b.git":      "https://git.example.com/a/b.git",
		"git@plain.example.com:a/b":        "git@plain.example.com:a/b",
		"git@x.example.org:a/b":            "git@x.example.org:a/b",
		"git@192.0.2.1:a/b":                "git@192.0.2.1:a/b",
		"https://github.com/a/b.git":       "https://github.com/a/b.git",
		"git@github.com.evil.example:a/b":  "git@github.com.evil.example:a/b",
		"ssh://git@github.com.evil.test/a": "ssh://git@github.com.evil.test/a",
	} {
		cmd := exec.Command("git", "ls-remote", "--get-url", remote)
		cmd.Env = []string{"GIT_CONFIG_SYSTEM=" + path, "GIT_CONFIG_GLOBAL=/dev/null", "PATH=/usr/bin:/bin"}
		cmd.Dir = t.TempDir()
		if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: got %q, %v, want %s", remote, out, err, want)
		}
	}
}
