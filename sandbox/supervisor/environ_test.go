package supervisor

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
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
		writeFile(t, path, gitConfig(name, "ada@example.com"))
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
