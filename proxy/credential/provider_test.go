package credential_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/proxy/credential"
)

func TestNewProvider(t *testing.T) {
	github := []string{"github.com", "api.github.com", "uploads.github.com", "gist.github.com", "raw.githubusercontent.com"}
	rows := []struct {
		name, typ string
		options   credential.Options
		want      credential.Provider
	}{
		{"my-github", "github", credential.Options{}, credential.Provider{
			Name: "my-github", Type: "github", Variables: []string{"GITHUB_TOKEN", "GH_TOKEN"}, Hosts: github,
		}},
		{"work", "github", credential.Options{Variable: "WORK_TOKEN", Hosts: []string{"GHE.example.com."}}, credential.Provider{
			Name: "work", Type: "github", Variables: []string{"GITHUB_TOKEN", "GH_TOKEN", "WORK_TOKEN"}, Hosts: []string{"ghe.example.com"},
		}},
		{"claude", "anthropic", credential.Options{Variable: "ANTHROPIC_API_KEY"}, credential.Provider{
			Name: "claude", Type: "anthropic", Variables: []string{"ANTHROPIC_API_KEY"}, Hosts: []string{"api.anthropic.com"},
		}},
		{"api", "generic", credential.Options{Variable: "K", Hosts: []string{"A.example:443/", "A.Example.:8443/V1/"}}, credential.Provider{
			Name: "api", Type: "generic", Variables: []string{"K"}, Hosts: []string{"a.example", "a.example:8443/V1"},
		}},
		{"api", "generic", credential.Options{Variable: "K", Hosts: []string{"a.example", "a.example", "b.example"}}, credential.Provider{
			Name: "api", Type: "generic", Variables: []string{"K"}, Hosts: []string{"a.example", "b.example"},
		}},
	}
	for _, row := range rows {
		got, err := credential.NewProvider(row.name, row.typ, row.options)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if diff := cmp.Diff(got, row.want); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

func TestNewProviderRefuses(t *testing.T) {
	host := []string{"api.example.com"}
	rows := []struct {
		name, typ string
		options   credential.Options
		want      string
	}{
		{"../x", "github", credential.Options{}, `"../x" is not a provider name`},
		{".hidden", "github", credential.Options{}, `".hidden" is not a provider name`},
		{"", "github", credential.Options{}, `"" is not a provider name`},
		{"x", "gopher", credential.Options{}, `there is no provider type "gopher"`},
		{"x", "generic", credential.Options{Variable: "K"}, "a provider of type generic needs the hosts its secret is for"},
		{"x", "generic", credential.Options{Hosts: host}, "a provider of type generic needs the variable that holds its secret"},
		{"x", "generic", credential.Options{Variable: "K=V", Hosts: host}, `provider "x": "K=V" cannot be the variable of a secret`},
		{"x", "generic", credential.Options{Variable: "PATH", Hosts: host}, `provider "x": "PATH" cannot be the variable of a secret`},
		{"x", "generic", credential.Options{Variable: "K", Hosts: []string{"*.example.com"}}, `provider "x": "*.example.com" is not a host a secret can be for`},
		{"x", "generic", credential.Options{Variable: "K", Hosts: []string{"https://a.example"}}, `provider "x": "https://a.example" is not a host a secret can be for`},
		{"x", "generic", credential.Options{Variable: "K", Hosts: []string{"a.example:0"}}, `provider "x": "a.example:0" is not a host a secret can be for`},
		{"x", "generic", credential.Options{Variable: "K", Hosts: []string{"a.example:70000"}}, `provider "x": "a.example:70000" is not a host a secret can be for`},
		{"x", "generic", credential.Options{Variable: "K", Hosts: []string{"a.example/v1/../v2"}}, `provider "x": "a.example/v1/../v2" is not a host a secret can be for`},
		{"x", "generic", credential.Options{Variable: "K", Hosts: []string{"a.example/v%31"}}, `provider "x": "a.example/v%31" is not a host a secret can be for`},
		{"x", "generic", credential.Options{Variable: "K", Hosts: []string{"a.example//v1"}}, `provider "x": "a.example//v1" is not a host a secret can be for`},
		{"x", "generic", credential.Options{Variable: "K", Hosts: []string{"[::1]:443"}}, `provider "x": "[::1]:443" is not a host a secret can be for`},
		{"x", "aws", credential.Options{}, "a provider of type aws needs the hosts its secret is for"},
		{"x", "aws", credential.Options{Variable: "AWS_SECRET_ACCESS_KEY", Hosts: host}, "AWS_SECRET_ACCESS_KEY signs requests to AWS (SigV4), and no placeholder can: the signature is made inside the sandbox"},
		{"x", "generic", credential.Options{Variable: "K", Hosts: []string{"exeat.local"}}, `provider "x": "exeat.local" is not a host a secret can be for`},
	}
	for _, row := range rows {
		_, err := credential.NewProvider(row.name, row.typ, row.options)
		if err == nil || err.Error() != row.want {
			t.Errorf("%s %s: got %v, want %s", row.name, row.typ, err, row.want)
			continue
		}
		var hinted interface{ Hint() string }
		if !errors.As(err, &hinted) || hinted.Hint() == "" {
			t.Errorf("%v: no hint", err)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	env := injector(t).Env()
	for variable, form := range map[string]struct {
		prefix string
		length int
	}{
		"GITHUB_TOKEN":      {"ghp_exeat", 40},
		"ANTHROPIC_API_KEY": {"sk-ant-api03-exeat", 108},
		"API_KEY":           {"exeat", 40},
	} {
		if got := env[variable]; !strings.HasPrefix(got, form.prefix) || len(got) != form.length {
			t.Errorf("%s: got %s, want %s and %d characters", variable, got, form.prefix, form.length)
		}
		if got := injector(t).Env()[variable]; got == env[variable] {
			t.Errorf("%s: two sandboxes have the same placeholder", variable)
		}
		if _, err := credential.NewValue(env[variable]); err == nil {
			t.Errorf("%s: a placeholder was taken for a secret", variable)
		}
	}
	if env["GITHUB_TOKEN"] != env["GH_TOKEN"] {
		t.Error("the variables of one provider differ")
	}
}

func TestSameVariableTwice(t *testing.T) {
	_, err := credential.NewInjector(
		attach(t, "one", "github", githubSecret, credential.Options{}),
		attach(t, "two", "github", githubSecret, credential.Options{}),
	)
	if want := `providers "one" and "two" both set GITHUB_TOKEN`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestNewValueRefuses(t *testing.T) {
	for _, s := range []string{"", "\n", "a b", "a\r\nX-Evil: 1", "a\x00", "bücher", strings.Repeat("a", 8<<10+1)} {
		if v, err := credential.NewValue(s); err == nil {
			t.Errorf("%q: got %q, want an error", s, v.Reveal())
		}
	}
	if v, err := credential.NewValue("token\n"); err != nil || v.Reveal() != "token" {
		t.Errorf("got %v", err)
	}
}

// However a value or what holds it is printed, the secret does not show.
func TestValueDoesNotShow(t *testing.T) {
	a := attach(t, "my-github", "github", githubSecret, credential.Options{})
	in := injector(t)
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+verb, a.Secret, a, &a, in)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", a.Secret, "attachment", a, "injector", in)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", a.Secret, "attachment", a, "injector", in)
	if err := json.NewEncoder(&out).Encode([]any{a.Secret, a, in}); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{githubSecret, fmt.Sprintf("%x", githubSecret)} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the secret shows in %s", out.String())
		}
	}
	if one, two := a.Secret.Fingerprint(), a.Secret.Fingerprint(); one == two || len(one) != 33 {
		t.Errorf("got fingerprints %s and %s, want salted ones", one, two)
	}
}

// Git itself asks for the credential, and no helper that was set elsewhere answers.
func TestGitUsesTheVariable(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal("git is needed")
	}
	in := injector(t)
	settings := in.GitConfig()
	other := []credential.Setting{{Key: "credential.helper", Value: "!echo password=other; :"}}
	for host, want := range map[string]string{"github.com": in.Env()["GITHUB_TOKEN"], "gist.github.com": in.Env()["GITHUB_TOKEN"], "evil.example": "other"} {
		c := exec.CommandContext(t.Context(), git, "credential", "fill")
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_TERMINAL_PROMPT=0"}
		for k, v := range in.Env() {
			c.Env = append(c.Env, k+"="+v)
		}
		for k, v := range credential.GitEnv(append(other, settings...)) {
			c.Env = append(c.Env, k+"="+v)
		}
		c.Stdin = strings.NewReader("protocol=https\nhost=" + host + "\nusername=x-access-token\n\n")
		out, err := c.Output()
		if err != nil || !strings.Contains(string(out), "password="+want+"\n") {
			t.Errorf("%s: got %q, %v, want password %s", host, out, err, want)
		}
	}
}
