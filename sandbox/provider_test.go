package sandbox_test

import (
	"context"
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

// A secret in the desktop's keyring is handed to the supervisor, which has no session; and what is
// handed to a running one replaces it.
func TestKeyringProvider(t *testing.T) {
	boxes := newBoxes(t)
	asked := 0
	boxes.Keyring = func(_ context.Context, provider string) (string, error) {
		asked++
		return "ghp_ofTheKeyring", nil
	}
	p := store.Provider{Name: "my-github", Type: "github", Hosts: []string{"github.com"}, Variables: []string{"GH_TOKEN"}, Keyring: true}
	if err := boxes.Store.CreateProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	args := frozen(t, "box", testPolicy)
	args.Spec.Providers = []store.ProviderRef{{Name: p.Name, Type: p.Type, Hosts: p.Hosts, Variables: p.Variables}}
	create(t, boxes, args)
	if token := run(t, boxes, "box", "sh", "-c", "echo $GH_TOKEN").out; asked != 1 || !strings.HasPrefix(token, "ghp_exeat") {
		t.Errorf("got %q, the keyring was asked %d times", token, asked)
	}
	if told, err := boxes.Rotate(t.Context(), "my-github", "ghp_theNextOne"); err != nil || len(told) != 1 {
		t.Errorf("told %v, %v", told, err)
	}
	if told, err := boxes.Rotate(t.Context(), "my-github", "not one secret"); err == nil || len(told) != 0 {
		t.Errorf("told %v, %v, want what is no secret refused", told, err)
	}
}
