package proxy_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"exeat/proxy"
)

// noSecrets is no credential at all, in whatever is read or masked.
type noSecrets struct{}

func (noSecrets) Body(_ string, _ bool, _ string, body []byte) ([]byte, []string, error) {
	return body, nil, nil
}
func (noSecrets) Carries([]byte) bool                { return false }
func (noSecrets) Watch(r io.Reader) io.Reader        { return r }
func (noSecrets) MaskHeader(http.Header)             {}
func (noSecrets) Lends(string) bool                  { return true }
func (noSecrets) Exposed(string, bool) bool          { return false }
func (noSecrets) MaskKeepsLength() bool              { return true }
func (noSecrets) Mask(r io.ReadCloser) io.ReadCloser { return r }

type panicking struct{ noSecrets }

func (panicking) Foreign(string, http.Header, *url.URL) error { panic("boom") }
func (panicking) Apply(string, bool, http.Header, *url.URL) ([]string, error) {
	panic("boom")
}

// keys is one provider whose host is api.example.
type keys struct{ noSecrets }

func (keys) Foreign(_ string, h http.Header, _ *url.URL) error {
	if h.Get("X-Api-Key") == "theirs" {
		return errors.New("a key of somebody else")
	}
	return nil
}

func (keys) Apply(host string, tls bool, h http.Header, _ *url.URL) ([]string, error) {
	if h.Get("X-Api-Key") != "placeholder" {
		return nil, nil
	}
	if host != "api.example" || !tls {
		return nil, fmt.Errorf("the placeholder travels to %s, tls %t", host, tls)
	}
	h.Set("X-Api-Key", "secret")
	return []string{"mine"}, nil
}

// Secrets go in after the decision, are recorded, and only ever travel over verified TLS.
func TestCredentials(t *testing.T) {
	for _, tt := range []struct{ url, key, code, used, sent string }{
		{"https://api.example/x", "placeholder", "", "mine", "secret"},
		{"https://api.example/x", "other", "", "", "other"},
		{"https://api.example/x", "theirs", "foreign_credential", "", ""},
		{"http://plain.example/x", "placeholder", "credential_misuse", "", ""},
	} {
		t.Run(tt.url+" "+tt.key, func(t *testing.T) {
			w := newWorld(t, basePolicy, func(c *proxy.Config) { c.Credentials = keys{} })
			sent := ""
			echo := func(_ http.ResponseWriter, r *http.Request) { sent = r.Header.Get("X-Api-Key") }
			w.origin("api.example", 443, echo)
			w.originWith(nil, "plain.example", 80, echo)
			request, _ := http.NewRequestWithContext(t.Context(), "GET", tt.url, nil)
			request.Header.Set("X-Api-Key", tt.key)
			resp, err := w.client(transparent).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if !strings.Contains(string(body), tt.code) || sent != tt.sent {
				t.Errorf("answer %s, the origin saw %q, want %q", body, sent, tt.sent)
			}
			if e := w.sink.all(); len(e) != 1 || e[0].Code != tt.code || e[0].Credential != tt.used {
				t.Errorf("recorded %+v", e)
			}
		})
	}
}
