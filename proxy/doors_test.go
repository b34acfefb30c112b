package proxy_test

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// basePolicy inspects api.example, splices raw.example and knows nothing else.
const basePolicy = `version: 1
network_policies:
  api:
    endpoints:
      - host: api.example
        port: 443
        protocol: rest
        enforcement: enforce
        rules:
          - allow: { method: GET, path: "/**" }
          - allow: { method: POST, path: "/ok/**" }
      - host: api.example
        port: 8443
        protocol: rest
        enforcement: enforce
        access: read-only
      - host: plain.example
        port: 80
        protocol: rest
        enforcement: enforce
        access: read-only
    binaries:
      - { path: /usr/bin/curl }
  raw:
    endpoints:
      - { host: raw.example, port: 443 }
      - { host: raw.example, port: 7000 }
    binaries:
      - { path: /usr/bin/curl }
`

// Every row is one request; both doors must give the same answer and leave the same record.
func TestDoors(t *testing.T) {
	for _, tt := range []struct {
		name, method, url string
		body              string
		status            int
		code              string // of the refusal; empty: the origin answered
		record            string
	}{
		{"allowed", "GET", "https://api.example/a/b?x=1", "", 200, "", "allow l7  api.example:443 GET /a/b?x=1 api"},
		{"allowed with a body", "POST", "https://api.example/ok/1", "hello", 200, "", "allow l7  api.example:443 POST /ok/1 api"},
		{"denied method", "PUT", "https://api.example/a", "hello", 403, "policy_denied", "deny l7 policy_denied api.example:443 PUT /a api"},
		{"denied path", "POST", "https://api.example/no", "hello", 403, "policy_denied", "deny l7 policy_denied api.example:443 POST /no api"},
		{"denied host", "GET", "https://evil.example/", "", 403, "policy_denied", "deny l4 policy_denied evil.example:443 GET / -"},
		{"denied port", "GET", "https://api.example:444/", "", 403, "policy_denied", "deny l4 policy_denied api.example:444 GET / api"},
		{"another port", "GET", "https://api.example:8443/x", "", 200, "", "allow l7  api.example:8443 GET /x api"},
		{"canonical path", "GET", "https://api.example/a/../%61b/./c", "", 200, "", "allow l7  api.example:443 GET /ab/c api"},
		{"above the root", "GET", "https://api.example/../x", "", 400, "malformed_request", "deny l7 malformed_request api.example:443 GET /../x -"},
		{"plain", "GET", "http://plain.example/x", "", 200, "", "allow l7  plain.example:80 GET /x api"},
		{"plain denied", "DELETE", "http://plain.example/x", "", 403, "policy_denied", "deny l7 policy_denied plain.example:80 DELETE /x api"},
		{"plain denied host", "GET", "http://evil.example/", "", 403, "policy_denied", "deny l4 policy_denied evil.example:80 GET / -"},
		{"spliced", "DELETE", "https://raw.example/x", "", 200, "", "allow l4  raw.example:443   raw"},
	} {
		for _, door := range []string{transparent, explicit, "absolute"} {
			if door == "absolute" && strings.HasPrefix(tt.url, "https:") {
				continue
			}
			t.Run(door+"/"+tt.name, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				echo := func(rw http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					rw.Header().Set("X-Origin", r.Method+" "+r.Host+" "+r.RequestURI+" "+string(body))
					_, _ = io.WriteString(rw, "from the origin")
				}
				w.origin("api.example", 443, echo)
				w.origin("api.example", 8443, echo)
				w.originWith(nil, "plain.example", 80, echo)
				w.origin("raw.example", 443, echo)
				client := w.absolute()
				if door != "absolute" {
					client = w.client(door)
				}
				if strings.Contains(tt.url, "raw.example") {
					client.Transport.(*http.Transport).TLSClientConfig.RootCAs = pool(w.public)
				}
				request, err := http.NewRequestWithContext(t.Context(), tt.method, tt.url, strings.NewReader(tt.body))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, _ := io.ReadAll(resp.Body)
				var refusal struct{ Error string }
				if fromOrigin := resp.Header.Get("X-Origin") != ""; fromOrigin != (tt.code == "") {
					t.Errorf("answered by the origin: %t; %s %s", fromOrigin, resp.Status, body)
				} else if !fromOrigin {
					if err := json.Unmarshal(body, &refusal); err != nil {
						t.Errorf("body %q: %v", body, err)
					}
				}
				if resp.StatusCode != tt.status || refusal.Error != tt.code {
					t.Errorf("got %d %q, want %d %q", resp.StatusCode, refusal.Error, tt.status, tt.code)
				}
				if got := strings.TrimSuffix(w.sink.verdicts(), "\n"); got != tt.record {
					t.Errorf("recorded\n%s\nwant\n%s", got, tt.record)
				}
			})
		}
	}
}
