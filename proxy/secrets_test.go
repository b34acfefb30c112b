package proxy_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"exeat/proxy"
	"exeat/proxy/credential"
)

const theSecret = "c0ffee-secret-of-the-user-0123456789"

// withSecret is a world in which api.example is the host of a provider, whose placeholder it returns.
func withSecret(t *testing.T, policyText string) (*world, string) {
	p, err := credential.NewProvider("mine", "generic", credential.Options{Variable: "API_KEY", Hosts: []string{"api.example"}})
	if err != nil {
		t.Fatal(err)
	}
	value, err := credential.NewValue(theSecret)
	if err != nil {
		t.Fatal(err)
	}
	in, err := credential.NewInjector(credential.Attachment{Provider: p, Secret: value})
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, policyText, func(c *proxy.Config) { c.Credentials = in }), in.Env()["API_KEY"]
}

const fillPolicy = `version: 1
network_policies:
  api:
    endpoints:
      - { host: api.example, port: 443, path: /fill, protocol: rest, enforcement: enforce, access: full, request_body_credential_rewrite: true }
      - { host: api.example, port: 443, path: /plain, protocol: rest, enforcement: enforce, access: full }
      - { host: other.example, port: 443, protocol: rest, enforcement: enforce, access: full, request_body_credential_rewrite: true }
    binaries: [{ path: /usr/bin/curl }]
`

// Secrets go into bodies where the policy says so, and a placeholder in any other ends the request before it is out.
func TestSecretsInBodies(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	var heard atomic.Pointer[[]byte] // an origin may still read what was ended
	for _, host := range []string{"api.example", "other.example"} {
		w.origin(host, 443, func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			heard.Store(&body)
		})
	}
	long := strings.Repeat("x", 300<<10)
	for name, row := range map[string]struct {
		url, kind, body string
		status          int
		want, used      string
	}{
		"json":                {"api.example/fill", "application/json", `{"key":"` + placeholder + `"}`, 200, `{"key":"` + theSecret + `"}`, "mine"},
		"form":                {"api.example/fill", "application/x-www-form-urlencoded", "a=1&key=" + placeholder, 200, "a=1&key=" + theSecret, "mine"},
		"without one":         {"api.example/fill", "application/json", `{"a":1}`, 200, `{"a":1}`, ""},
		"not asked for":       {"api.example/plain", "application/json", `{"key":"` + placeholder + `"}`, 403, "", ""},
		"behind much":         {"api.example/plain", "text/plain", long + placeholder, 403, "", ""},
		"too long to be held": {"api.example/fill", "text/plain", long + placeholder, 403, "", ""},
		"another host":        {"other.example/", "application/json", `{"key":"` + placeholder + `"}`, 403, "", ""},
		"of no known kind":    {"api.example/fill", "application/zip", placeholder, 403, "", ""},
	} {
		heard.Store(new([]byte))
		w.sink.take()
		resp, err := w.client(transparent).Post("https://"+row.url, row.kind, strings.NewReader(row.body))
		if err != nil {
			t.Fatal(name, err)
		}
		resp.Body.Close()
		got := *heard.Load()
		if resp.StatusCode != row.status || row.status == 200 && string(got) != row.want || bytes.Contains(got, []byte(placeholder)) {
			t.Errorf("%s: %s, the origin got %.80q", name, resp.Status, got)
		}
		events := w.sink.all()
		last := events[len(events)-1]
		if row.status == 403 && last.Code != "credential_misuse" || row.status == 200 && last.Credential != row.used {
			t.Errorf("%s: recorded %s", name, w.sink.verdicts())
		}
	}
}

// What an origin sends back of a secret is the placeholder again, and lengths stay true.
func TestSecretsAreMasked(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("Accept-Encoding %q", r.Header.Get("Accept-Encoding"))
		}
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		body := strings.Repeat(r.Header.Get("Authorization")+" ", n)
		rw.Header().Set("X-Seen", r.Header.Get("Authorization"))
		rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = io.WriteString(rw, body)
	})
	for _, n := range []int{1, 20_000} {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://api.example/plain?n="+strconv.Itoa(n), nil)
		r.Header.Set("Authorization", "Bearer "+placeholder)
		r.Header.Set("Accept-Encoding", "gzip")
		resp, err := w.client(explicit).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := strings.Repeat("Bearer "+placeholder+" ", n); err != nil || string(body) != want {
			t.Errorf("got %d bytes %.80q %v", len(body), body, err)
		}
		if resp.Header.Get("X-Seen") != "Bearer "+placeholder {
			t.Errorf("header %q", resp.Header.Get("X-Seen"))
		}
	}
}

// A secret goes out once its record is queued, and what comes back is only shown once that is on disk.
func TestSecretIsAnsweredOnceItIsRecorded(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	asked := 0
	w.origin("api.example", 443, func(http.ResponseWriter, *http.Request) { asked++ })
	get := func() (*http.Response, string) {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://api.example/plain", nil)
		r.Header.Set("Authorization", "Bearer "+placeholder)
		resp, err := w.client(transparent).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		return resp, string(body)
	}
	if resp, _ := get(); resp.StatusCode != 200 || asked != 1 {
		t.Errorf("recorded: %s, asked %d times", resp.Status, asked)
	}
	w.sink.keep = errors.New("the disk is gone")
	if resp, body := get(); resp.StatusCode != 503 || asked != 2 || !strings.Contains(body, "What the request asks for may have been done") {
		t.Errorf("not recorded: %s, asked %d times: %s", resp.Status, asked, body)
	}
	w.sink.setFail(errors.New("the queue is full"))
	if resp, body := get(); resp.StatusCode != 503 || asked != 2 || !strings.Contains(body, "then retry") {
		t.Errorf("not queued: %s, asked %d times: %s", resp.Status, asked, body)
	}
}

// An origin that compresses whatever it is asked for is read all the same, and one that says so and does not is broken.
func TestCompressedSecretsAreMasked(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Encoding", "gzip")
		switch r.URL.RawQuery {
		case "none":
			rw.WriteHeader(http.StatusNotModified)
		case "plain":
			_, _ = io.WriteString(rw, r.Header.Get("Authorization"))
		case "utf-8", "gzip,utf-8": // names of no coding
			rw.Header().Set("Content-Encoding", r.URL.RawQuery)
			_, _ = io.WriteString(rw, r.Header.Get("Authorization"))
		default:
			packed := gzip.NewWriter(rw)
			_, _ = io.WriteString(packed, "you are "+r.Header.Get("Authorization"))
			_ = packed.Flush()
			_ = http.NewResponseController(rw).Flush()
			_, _ = io.WriteString(packed, "!")
			_ = packed.Close()
		}
	})
	for _, door := range doors {
		for query, want := range map[string]string{
			"": "you are Bearer " + placeholder + "!", "none": "", "plain": "error", "utf-8": "Bearer " + placeholder, "gzip,utf-8": "Bearer " + placeholder,
		} {
			r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://api.example/plain?"+query, nil)
			r.Header.Set("Authorization", "Bearer "+placeholder)
			r.Header.Set("Accept-Encoding", "gzip") // else net/http would unpack it for us
			resp, err := w.client(door).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			if err != nil {
				got = []byte("error")
			}
			if kept := strings.Contains(query, "utf-8"); string(got) != want || want != "" && (resp.Header.Get("Content-Encoding") != "") != kept {
				t.Errorf("%q: got %q %v", query, got, resp.Header)
			}
		}
	}
}

// Connections to an origin serve requests with one secret, or with none, and none that is no longer in force.
func TestConnectionsAreNotSharedAcrossSecrets(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(rw, r.RemoteAddr) })
	client := w.client(transparent)
	from := func(token string) string {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://api.example/plain", nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		address, _ := io.ReadAll(resp.Body)
		return string(address)
	}
	with, without := from(placeholder), from("")
	if with == without || from(placeholder) != with || from("") != without {
		t.Errorf("with a secret from %s, without from %s", with, without)
	}
	w.server.CredentialsChanged()
	if from(placeholder) == with {
		t.Error("a connection outlived the secret it served with")
	}
}

// An answer to a request for a WebSocket is masked like any other, whether the origin switches or not, and
// none is shown whose secret was not recorded.
func TestSecretsOfUpgradesAreMasked(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		seen := r.Header.Get("Authorization")
		rw.Header().Set("X-Seen", seen)
		if r.URL.RawQuery != "switch" {
			http.Error(rw, seen, http.StatusTeapot)
			return
		}
		if c, err := websocket.Accept(rw, r, nil); err == nil {
			c.CloseNow()
		}
	})
	ask := func(query string) *http.Response {
		c, resp, err := websocket.Dial(t.Context(), "wss://api.example/plain"+query, &websocket.DialOptions{
			HTTPClient: w.client(explicit), HTTPHeader: http.Header{"Authorization": {"Bearer " + placeholder}},
		})
		if resp == nil {
			t.Fatal(err)
		}
		if c != nil {
			c.CloseNow()
		}
		return resp
	}
	for query, status := range map[string]int{"": http.StatusTeapot, "?switch": http.StatusSwitchingProtocols} {
		if resp := ask(query); resp.StatusCode != status || resp.Header.Get("X-Seen") != "Bearer "+placeholder {
			t.Errorf("%q: %s, header %q", query, resp.Status, resp.Header.Get("X-Seen"))
		}
	}
	body, err := io.ReadAll(ask("").Body) // as much of it as the client keeps
	if want := "Bearer " + placeholder + "\n"; err != nil || string(body) != want {
		t.Errorf("got %q %v", body, err)
	}
	w.sink.keep = errors.New("the disk is gone")
	for _, query := range []string{"", "?switch"} {
		if resp := ask(query); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%q, not recorded: %s", query, resp.Status)
		}
	}
}
