package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Fields that say what a request is carry no secret: a refusal names what they say.
func TestRefusalsNameNoSecret(t *testing.T) {
	const onlyPost = `version: 1
network_policies:
  api:
    endpoints:
      - { host: api.example, port: 443, protocol: rest, enforcement: enforce, rules: [{ allow: { method: POST, path: /plain } }] }
    binaries: [{ path: /usr/bin/curl }]
`
	w, placeholder := withSecret(t, onlyPost)
	for name, h := range map[string]http.Header{
		"coding":           {"Content-Type": {"application/x-www-form-urlencoded"}, "Content-Encoding": {placeholder}},
		"part of a coding": {"Content-Encoding": {"identity", placeholder}},
		"type":             {"Content-Type": {"application/json; charset=utf-16", placeholder}, "Authorization": {placeholder}},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://api.example/plain", strings.NewReader("a=b"))
		r.Header = h
		resp, err := w.client(transparent).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if events := w.sink.all(); resp.StatusCode != 403 || strings.Contains(string(body)+events[len(events)-1].Reason, theSecret) {
			t.Errorf("%s: %s %s", name, resp.Status, body)
		}
	}
}
