package credential_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"exeat/proxy/credential"
)

func TestRotate(t *testing.T) {
	in := injector(t)
	p := in.Env()["GITHUB_TOKEN"]
	if err := in.Rotate("my-github", value(t, "github_pat_NEWNEWNEW")); err != nil {
		t.Fatal(err)
	}
	if in.Env()["GITHUB_TOKEN"] != p {
		t.Error("the placeholder changed: running programs have the old one")
	}
	h := http.Header{"Authorization": {"token " + p}}
	if _, err := in.Apply("github.com", true, h, nil); err != nil || h.Get("Authorization") != "token github_pat_NEWNEWNEW" {
		t.Errorf("got %v, %v", h, err)
	}
	answer := http.Header{"X-Old": {githubSecret}, "X-New": {"github_pat_NEWNEWNEW"}}
	if in.MaskHeader(answer); answer.Get("X-Old") != p || answer.Get("X-New") != p {
		t.Errorf("masked to %v, want %s", answer, p)
	}
	if err := in.Rotate("nobody", value(t, "x")); err == nil || err.Error() != `provider "nobody" is not attached` {
		t.Errorf("got %v", err)
	}
}

func TestDetach(t *testing.T) {
	in := injector(t)
	p := in.Env()["GITHUB_TOKEN"]
	if err := in.Detach("my-github"); err != nil {
		t.Fatal(err)
	}
	_, err := in.Apply("github.com", true, http.Header{"Authorization": {"token " + p}}, nil)
	want := `the credential of provider "my-github" stands in header Authorization of a request to github.com, and the provider was detached from this sandbox`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := in.Foreign("github.com", http.Header{"Authorization": {"token theirs"}}, nil); err == nil { // nobody signed that it may go there
		t.Error("another credential goes to the host of a detached provider")
	}
	if len(in.GitConfig()) != 0 || in.Env()["GITHUB_TOKEN"] != "" || strings.Contains(strings.Join(in.Hosts(), " "), "github") {
		t.Error("a detached provider is still offered")
	}
	answer := http.Header{"X": {githubSecret}}
	if in.MaskHeader(answer); answer.Get("X") != p {
		t.Errorf("got %v, want it masked still", answer)
	}
	if err := in.Detach("my-github"); err == nil {
		t.Error("detached twice")
	}
	if err := in.Attach(attach(t, "my-github", "github", githubSecret, credential.Options{})); err != nil {
		t.Errorf("attach again: %v", err)
	}
	if again := in.Env()["GITHUB_TOKEN"]; again == p || again == "" {
		t.Errorf("got %q, want a placeholder of its own", again)
	}
}

// An answer that began under a secret goes on when there is none left that is long enough to be masked.
func TestAnswerOutlivesSecrets(t *testing.T) {
	in := injector(t)
	answer := in.Mask(&pieces{[]string{"one, ", "two"}})
	if _, err := io.ReadFull(answer, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	for _, p := range in.Providers() {
		for i := range 20 {
			if err := in.Rotate(p.Name, value(t, strconv.Itoa(i))); err != nil {
				t.Error(err)
			}
		}
	}
	if rest, err := io.ReadAll(answer); string(rest) != " two" || err != nil {
		t.Errorf("got %q, %v", rest, err)
	}
}

// Requests go on while secrets change; run with -race.
func TestChangesBesideRequests(t *testing.T) {
	in := injector(t)
	p := in.Env()["GITHUB_TOKEN"]
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				h := http.Header{"Authorization": {"token " + p}}
				if _, err := in.Apply("github.com", true, h, nil); err != nil || strings.Contains(h.Get("Authorization"), p) {
					t.Errorf("got %v, %v", h, err)
				}
			}
		})
	}
	for i := range 100 {
		if err := in.Rotate("my-github", value(t, githubSecret+strings.Repeat("x", i))); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

func TestPrepare(t *testing.T) {
	in := injector(t)
	before := in.Env()
	npm := attach(t, "my-npm", "npm", "npm_REALREALREAL", credential.Options{})
	commit, err := in.Prepare([]string{"my-claude", "my-api"}, nil, npm)
	if err != nil {
		t.Fatal(err)
	}
	if in.Env()["NPM_TOKEN"] != "" || in.Env()["GITHUB_TOKEN"] == "" {
		t.Error("what is only prepared is in force")
	}
	commit()
	env := in.Env()
	if env["NPM_TOKEN"] == "" || env["GITHUB_TOKEN"] != "" || env["ANTHROPIC_API_KEY"] != before["ANTHROPIC_API_KEY"] || len(in.Providers()) != 3 {
		t.Errorf("got %v, want npm instead of github, and the others as they were", env)
	}
	if _, err := in.Prepare([]string{"my-npm"}, nil, npm); err == nil {
		t.Error("a provider was attached twice")
	}
	theirs := http.Header{"Authorization": {"token theirs"}}
	if err := in.Foreign("github.com", theirs, nil); err != nil {
		t.Errorf("it was signed that the host is nobody's: %v", err)
	}
	gone := attach(t, "old", "github", githubSecret, credential.Options{}).Provider
	if commit, err = in.Prepare([]string{"my-claude"}, []credential.Provider{gone}); err != nil {
		t.Fatal(err)
	}
	commit()
	if err := in.Foreign("github.com", theirs, nil); err == nil || in.Foreign("example.org", theirs, nil) != nil {
		t.Error("another credential takes the place of one that was detached")
	}
	if in.Env()["GITHUB_TOKEN"] != "" || len(in.Providers()) != 1 {
		t.Errorf("a detached provider is offered: %v", in.Env())
	}
}
