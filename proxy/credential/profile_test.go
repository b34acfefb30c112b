package credential_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"exeat/proxy/credential"
)

// Every type there is makes a placeholder that a program takes for the real thing.
func TestProfiles(t *testing.T) {
	rows := map[string][]struct{ secret, form string }{
		"github": {
			{"ghp_", `^ghp_[0-9A-Za-z]{36}$`},
			{"github_pat_", `^github_pat_[0-9A-Za-z]{82}$`},
			{"gho_", `^gho_[0-9A-Za-z]{36}$`},
			{"0123456789abcdef", `^ghp_[0-9A-Za-z]{36}$`},
		},
		"gitlab":      {{"glpat-", `^glpat-[0-9A-Za-z_-]{20}$`}},
		"huggingface": {{"hf_", `^hf_[0-9A-Za-z]{34}$`}},
		"anthropic":   {{"sk-ant-api03-", `^sk-ant-api03-[0-9A-Za-z_-]{93}AA$`}},
		"claude":      {{"sk-ant-oat01-", `^sk-ant-oat01-[0-9A-Za-z_-]{93}AA$`}},
		"codex":       {{"eyJ", `^eyJ[0-9A-Za-z]+\.eyJ[0-9A-Za-z]+\.exeat[0-9A-Za-z]{337}$`}},
		"openai":      {{"sk-proj-", `^sk-proj-[0-9A-Za-z_-]{156}$`}, {"sk-0", `^sk-[0-9A-Za-z]{48}$`}},
		"google":      {{"AIza", `^AIza[0-9A-Za-z_-]{35}$`}},
		"aws":         {{"ABSK", `^ABSK[0-9A-Za-z]{128}$`}},
		"npm":         {{"npm_", `^npm_[0-9A-Za-z]{36}$`}},
		"pypi":        {{"pypi-AgEIcHlwaS5vcmc", `^pypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{159}$`}},
		"cargo":       {{"cio", `^cio[0-9A-Za-z]{32}$`}},
		"docker":      {{"dckr_pat_", `^dckr_pat_[0-9A-Za-z_-]{27}$`}},
		"generic":     {{"anything", `^[0-9A-Za-z]{40}$`}},
	}
	for _, typ := range credential.Types() {
		if len(rows[typ]) == 0 {
			t.Errorf("type %s has no row", typ)
		}
		for _, row := range rows[typ] {
			a := attach(t, "p", typ, row.secret+"REALREAL", credential.Options{Variable: "X", Hosts: []string{"api.example.com"}})
			placeholder := placeholderOf(t, a)
			if !regexp.MustCompile(row.form).MatchString(placeholder) {
				t.Errorf("%s, secret %s...: got %s, want %s", typ, row.secret, placeholder, row.form)
			}
			if again := placeholderOf(t, a); again == placeholder {
				t.Errorf("%s: two sandboxes have the same placeholder", typ)
			}
			if _, err := credential.NewValue(placeholder); err == nil {
				t.Errorf("%s: a placeholder was taken for a secret", typ)
			}
		}
	}
}

func placeholderOf(t *testing.T, a credential.Attachment) string {
	t.Helper()
	in, err := credential.NewInjector(a)
	if err != nil {
		t.Fatal(err)
	}
	return in.Env()["X"]
}

// What the profiles say by themselves makes providers, except where the user has to say more.
func TestProfilesMakeProviders(t *testing.T) {
	for _, typ := range credential.Types() {
		p, err := credential.NewProvider("p", typ, credential.Options{})
		if typ == "generic" || typ == "aws" {
			if err == nil || !strings.Contains(err.Error(), "needs the hosts") {
				t.Errorf("%s: got %v, want the hosts asked for", typ, err)
			}
			continue
		}
		if err != nil || len(p.Hosts) == 0 || len(p.Variables) == 0 && typ != "codex" {
			t.Errorf("%s: got %+v, %v", typ, p, err)
		}
	}
}

// Codex reads a login from a file: there is no secret in it, and nothing with which to get one.
func TestCodexLogin(t *testing.T) {
	a := attach(t, "my-codex", "codex", "eyJREAL.REAL.REAL", credential.Options{})
	a.Provider.Account = "acc-1"
	in, err := credential.NewInjector(a)
	if err != nil {
		t.Fatal(err)
	}
	files, err := in.Files()
	if err != nil || len(files) != 1 || files[0].Path != ".codex/auth.json" {
		t.Fatalf("got %+v, %v", files, err)
	}
	var login struct {
		Tokens struct {
			Identity string `json:"id_token"`
			Access   string `json:"access_token"`
			Refresh  string `json:"refresh_token"`
			Account  string `json:"account_id"`
		} `json:"tokens"`
	}
	if err := json.Unmarshal(files[0].Content, &login); err != nil {
		t.Fatal(err)
	}
	tokens := login.Tokens
	if strings.Contains(string(files[0].Content), "REAL") || tokens.Refresh != "exeat" || tokens.Account != "acc-1" || strings.Count(tokens.Identity, ".") != 2 {
		t.Errorf("got %s", files[0].Content)
	}
	h := http.Header{"Authorization": {"Bearer " + tokens.Access}}
	if _, err := in.Apply("chatgpt.com", true, h, &url.URL{Path: "/backend-api/codex/responses"}); err != nil || h.Get("Authorization") != "Bearer eyJREAL.REAL.REAL" {
		t.Errorf("got %v, %v", h, err)
	}
	h = http.Header{"Authorization": {"Bearer " + tokens.Access}}
	if _, err := in.Apply("chatgpt.com", true, h, &url.URL{Path: "/g/p-1"}); err == nil {
		t.Error("the login goes to every page")
	}
	if err := in.Detach("my-codex"); err != nil {
		t.Fatal(err)
	}
	if files, err := in.Files(); err != nil || len(files) != 0 {
		t.Errorf("detached: got %v, %v", files, err)
	}
}
