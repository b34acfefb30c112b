package inside_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"exeat/mcp/inside"
	"exeat/mcp/tool"
	"exeat/policy"
)

// view is a sandbox's policy and denials, in memory.
type view struct {
	mu       sync.Mutex
	revision int
	policy   *policy.Policy
	changed  chan struct{}
	denials  []tool.Denial // oldest first
	broken   error
	waiting  int // how often Changed was asked
}

const readOnly = `version: 1
filesystem_policy: { read_only: [/usr] }
network_policies:
  api:
    endpoints:
      - { host: api.example.com, port: 443, protocol: rest, access: read-only, allowed_ips: [10.11.12.0/24] }
    binaries:
      - { path: /usr/bin/curl }
`

func newView(t testing.TB) *view {
	t.Helper()
	v := &view{changed: make(chan struct{})}
	v.load(t, readOnly)
	for i, code := range []policy.Code{policy.CodePolicy, policy.CodeAddress, policy.CodeAuthority} {
		v.denials = append(v.denials, tool.Denial{
			ID: int64(i + 1), Last: time.Unix(1e9, 0), Host: "api.example.com", Port: 443, Layer: "l7", Protocol: "rest", Method: "PUT", Target: "/x",
			Policy: "api", Code: string(code), Reason: "address 10.11.12.13 is in a private network", RuleMissing: "allowed_ips: [10.11.12.13/32]",
			Exe: "/usr/bin/curl", Ancestors: []string{"/usr/bin/bash"},
		})
	}
	return v
}

// load puts the next revision in force.
func (v *view) load(t testing.TB, text string) {
	t.Helper()
	p, problems := policy.Parse("test", []byte(text))
	if p == nil {
		t.Fatal(problems)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	close(v.changed)
	v.revision, v.policy, v.changed = v.revision+1, p, make(chan struct{})
}

func (v *view) InForce() (int, *policy.Policy, *policy.Engine) {
	v.mu.Lock()
	defer v.mu.Unlock()
	engine, _ := policy.Compile(v.policy, policy.Options{})
	return v.revision, v.policy, engine
}

func (v *view) Changed() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.waiting++
	return v.changed
}

func (v *view) asked() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.waiting
}

func (v *view) Denials(_ context.Context, before int64, limit int) ([]tool.Denial, error) {
	var found []tool.Denial
	for _, d := range slices.Backward(v.denials) {
		if (before == 0 || d.ID < before) && len(found) < limit {
			found = append(found, d)
		}
	}
	return found, v.broken
}

func (v *view) Denial(_ context.Context, id int64) (tool.Denial, error) {
	at := slices.IndexFunc(v.denials, func(d tool.Denial) bool { return d.ID == id })
	switch {
	case v.broken != nil:
		return tool.Denial{}, v.broken
	case at < 0:
		return tool.Denial{}, inside.ErrNotFound
	}
	return v.denials[at], nil
}

// endpoint is a served handler; requests come under its right name, as they
// do through the proxy.
type endpoint struct {
	t    testing.TB
	url  string
	busy sync.WaitGroup
}

func serve(t testing.TB, v inside.View) *endpoint {
	t.Helper()
	e := &endpoint{t: t}
	handler := inside.Handler("test", v)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.busy.Add(1)
		defer e.busy.Done()
		r.Host = "exeat.local"
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	e.url = s.URL + "/mcp"
	return e
}

// session is a client that writes its own HTTP.
type session struct {
	*endpoint
	header http.Header
	meta   string // goes first into the parameters, with a comma
}

const modern = "2026-07-28"

// open begins a session of a version of the protocol.
func (e *endpoint) open(version string) *session {
	e.t.Helper()
	s := &session{endpoint: e, header: http.Header{}}
	if version == modern {
		s.meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}},`
		s.header.Set("Mcp-Protocol-Version", modern)
		return s
	}
	got := s.ask("initialize", `"protocolVersion":"`+version+`","capabilities":{},"clientInfo":{"name":"raw","version":"1"}`, "")
	if !strings.Contains(got, `"protocolVersion":"`+version+`"`) {
		e.t.Errorf("want version %s: %s", version, got)
	}
	s.header.Set("Mcp-Protocol-Version", version)
	return s
}

// post sends one message.
func (s *session) post(ctx context.Context, method, params, name string) (*http.Response, error) {
	body := `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":{` + strings.TrimSuffix(s.meta+params, ",") + `}}`
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = s.header.Clone()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if s.meta != "" {
		r.Header.Set("Mcp-Method", method)
		if name != "" {
			r.Header.Set("Mcp-Name", name)
		}
	}
	return http.DefaultClient.Do(r)
}

// ask returns the result of a request.
func (s *session) ask(method, params, name string) string {
	s.t.Helper()
	response, err := s.post(s.t.Context(), method, params, name)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	if id := response.Header.Get("Mcp-Session-Id"); id != "" && s.meta == "" {
		s.header.Set("Mcp-Session-Id", id)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, data, found := bytes.Cut(body, []byte("data: ")); found {
		body = data
	}
	var reply struct{ Result, Error json.RawMessage }
	if err := json.Unmarshal(body, &reply); err != nil || reply.Error != nil {
		s.t.Fatalf("%s: %s: %v %s", method, response.Status, err, body)
	}
	return string(reply.Result)
}

// call calls a tool and returns its structured result.
func (s *session) call(name, arguments string) string {
	s.t.Helper()
	raw := s.ask("tools/call", `"name":"`+name+`","arguments":`+arguments, name)
	var result struct {
		Content    []struct{ Text string }
		Structured json.RawMessage `json:"structuredContent"`
	}
	if err := json.Unmarshal([]byte(raw), &result); err != nil {
		s.t.Fatal(err)
	}
	if len(result.Content) != 1 || result.Content[0].Text != string(result.Structured) || len(result.Structured) >= 10_000 {
		s.t.Errorf("%s: %d bytes: %.2000s", name, len(result.Structured), raw)
	}
	return string(result.Structured)
}

var errBroken = errors.New("read /home/ada/.local/state/exeat/decisions-1.db: disk I/O error")
