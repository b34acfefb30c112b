package sandbox_test

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"exeat/proxy/credential"
	"exeat/store"
)

// The sandbox has a placeholder where the tool looks, git has a helper that
// hands it on, and the secret is nowhere inside.
func TestProvider(t *testing.T) {
	secret := "ghp_" + rand.Text() // not a constant: this binary is in the sandbox too
	boxes := newBoxes(t)
	secrets, err := credential.OpenSecrets(boxes.Dirs.Secrets())
	if err != nil {
		t.Fatal(err)
	}
	defer secrets.Close()
	value, err := credential.NewValue(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := secrets.Save("my-github", value); err != nil {
		t.Fatal(err)
	}
	p, err := credential.NewProvider("my-github", "github", credential.Options{})
	if err != nil {
		t.Fatal(err)
	}
	args := frozen(t, "box", testPolicy)
	args.Spec.Providers = []store.ProviderRef{{Name: p.Name, Type: p.Type, Hosts: p.Hosts, Variables: p.Variables}}
	create(t, boxes, args)
	token := run(t, boxes, "box", "sh", "-c", "echo $GITHUB_TOKEN").out
	if !strings.HasPrefix(token, "ghp_exeat") {
		t.Errorf("got %q, want a placeholder", token)
	}
	got := run(t, boxes, "box", "sh", "-c", "printf 'protocol=https\nhost=github.com\n\n' | git credential fill")
	if !strings.Contains(got.out, "password="+token) {
		t.Errorf("git got %+v", got)
	}
	found := run(t, boxes, "box", "sh", "-c", "grep -rl "+secret[:20]+" /proc/*/environ /sandbox /exeat /etc /tmp 2>/dev/null")
	if found.out != "" {
		t.Errorf("the secret is in %q", found.out)
	}
	os.Remove(boxes.Dirs.Secrets() + "/my-github")
	boxes.Stop(t.Context(), "box")
	if _, err := boxes.Start(t.Context(), "box"); err == nil || !strings.Contains(err.Error(), `provider "my-github"`) {
		t.Errorf("without its secret: got %v", err)
	}
}
