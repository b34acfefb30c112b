package proxy_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

const bodyPolicy = `version: 1
network_policies:
  bodies:
    endpoints:
      - host: api.example
        port: 443
        path: /graphql
        protocol: graphql
        enforcement: enforce
        persisted_queries: allow_registered
        graphql_persisted_queries:
          known: { operation_type: query, fields: [viewer] }
        graphql_max_body_bytes: 4096
        rules:
          - allow: { operation_type: query }
          - allow: { operation_type: mutation, fields: [createIssue] }
        deny_rules:
          - { operation_type: query, fields: [secrets] }
      - { host: api.example, port: 443, protocol: rest, enforcement: enforce, access: read-write }
      - host: mcp.example
        port: 443
        path: /mcp
        protocol: mcp
        enforcement: enforce
        rules:
          - allow: { method: initialize }
          - allow: { method: tools/call, tool: search }
      - { host: rpc.example, port: 443, protocol: json-rpc, enforcement: enforce, rules: [{ allow: { method: eth_call } }] }
    binaries: [{ path: /usr/bin/curl }]
`

// What a body asks for decides, by either door, and what the origin gets is the body that was judged.
func TestBodiesAreJudged(t *testing.T) {
	for _, door := range doors {
		t.Run(door, func(t *testing.T) {
			w := newWorld(t, bodyPolicy)
			var got []byte
			for _, host := range []string{"api.example", "mcp.example", "rpc.example"} {
				w.origin(host, 443, func(rw http.ResponseWriter, r *http.Request) {
					got, _ = io.ReadAll(r.Body)
					_, _ = io.WriteString(rw, "done")
				})
			}
			for name, row := range bodyRows {
				got = nil
				r, _ := http.NewRequestWithContext(t.Context(), row.method, "https://"+row.url, strings.NewReader(row.body))
				if row.chunked {
					r.ContentLength = -1
				}
				for _, h := range append([]string{"Content-Type: application/json"}, row.header...) {
					k, v, _ := strings.Cut(h, ": ")
					if k[0] == '-' {
						r.Header.Del(k[1:])
					}
					r.Header[strings.TrimPrefix(k, "-")] = append(r.Header[strings.TrimPrefix(k, "-")], v)
				}
				resp, err := w.client(door).Do(r)
				if err != nil {
					t.Fatal(name, err)
				}
				answer, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != row.status || !strings.Contains(string(answer), row.answer) {
					t.Errorf("%s: %s %s", name, resp.Status, answer)
				}
				if allowed := row.answer == "done"; allowed && string(got) != row.body || !allowed && got != nil {
					t.Errorf("%s: the origin got %q", name, got)
				}
				events := w.sink.take()
				if len(events) != 1 || events[0].Protocol != row.protocol || !strings.Contains(events[0].Reason, row.reason) {
					t.Errorf("%s: recorded %+v", name, events)
				}
			}
		})
	}
}

type bodyRow struct {
	method, url, body string
	header            []string
	chunked           bool
	status            int
	answer            string // part of it; "done" is the origin's
	protocol, reason  string // of the record
}

var bodyRows = map[string]bodyRow{
	"query":             {method: "POST", url: "api.example/graphql", body: `{"query":"{ repository { id } }"}`, status: 200, answer: "done", protocol: "graphql", reason: "query repository"},
	"chunked":           {method: "POST", url: "api.example/graphql", body: `{"query":"{ repository { id } }"}`, chunked: true, status: 200, answer: "done", protocol: "graphql"},
	"query by GET":      {method: "GET", url: "api.example/graphql?query=%7Bviewer%7D", status: 200, answer: "done", protocol: "graphql", reason: "query viewer"},
	"mutation":          {method: "POST", url: "api.example/graphql", body: `{"query":"mutation { a: createIssue { id } }"}`, status: 200, answer: "done", protocol: "graphql"},
	"aliased mutation":  {method: "POST", url: "api.example/graphql", body: `{"query":"mutation { createIssue: deleteRepository { id } }"}`, status: 200, answer: `"message":"denied by exeat: 1: mutation deleteRepository`, protocol: "graphql", reason: "mutation deleteRepository"},
	"second operation":  {method: "POST", url: "api.example/graphql", body: `{"operationName":"a","query":"query a { x } mutation b { deleteRepository }"}`, status: 200, answer: `"errors"`, protocol: "graphql"},
	"one of a batch":    {method: "POST", url: "api.example/graphql", body: `[{"query":"{ x }"},{"query":"mutation { deleteRepository }"}]`, status: 200, answer: `"errors"`, protocol: "graphql"},
	"denied field":      {method: "POST", url: "api.example/graphql", body: `{"query":"query { ...f } fragment f on Query { secrets }"}`, status: 200, answer: `deny_rule`, protocol: "graphql"},
	"registered":        {method: "POST", url: "api.example/graphql", body: `{"id":"known"}`, status: 200, answer: "done", protocol: "graphql"},
	"not registered":    {method: "POST", url: "api.example/graphql", body: `{"id":"other"}`, status: 400, answer: `"message":"PersistedQueryNotSupported"`, protocol: "graphql", reason: "not registered"},
	"id in the URL":     {method: "POST", url: "api.example/graphql?operationId=other", body: `{"query":"{ viewer }"}`, status: 400, answer: `"message":"PersistedQueryNotSupported"`, protocol: "graphql", reason: "not registered"},
	"id in extensions":  {method: "POST", url: "api.example/graphql", body: `{"query":"{ viewer }","extensions":{"operationId":"other"}}`, status: 400, answer: `"message":"PersistedQueryNotSupported"`, protocol: "graphql", reason: "not registered"},
	"no JSON":           {method: "POST", url: "api.example/graphql", body: `query { x }`, status: 400, answer: `{"errors":[{"extensions":{"error":"malformed_request"`, protocol: "graphql"},
	"duplicate key":     {method: "POST", url: "api.example/graphql", body: `{"query":"{ x }","query":"mutation { deleteRepository }"}`, status: 400, answer: "malformed_request", protocol: "graphql"},
	"too long":          {method: "POST", url: "api.example/graphql", body: `{"query":"{ x }","variables":{"a":"` + strings.Repeat("x", 5000) + `"}}`, status: 200, answer: `{"errors":[{"extensions":{"error":"body_too_long"`, protocol: "graphql"},
	"encoded":           {method: "POST", url: "api.example/graphql", body: zipped(`{"query":"{ x }"}`), header: []string{"Content-Encoding: gzip"}, status: 400, answer: "encoded as gzip", protocol: "graphql"},
	"encoded twice":     {method: "POST", url: "api.example/graphql", body: `{"query":"{ x }"}`, header: []string{"Content-Encoding: identity", "Content-Encoding: gzip"}, status: 400, answer: "encoded as identity, gzip", protocol: "graphql"},
	"encoded for CGI":   {method: "POST", url: "api.example/graphql", body: `{"query":"{ x }"}`, header: []string{"Content_encoding: deflate"}, status: 400, answer: "encoded as deflate", protocol: "graphql"},
	"two types":         {method: "POST", url: "api.example/graphql", body: `{"query":"{ x }","variables":{"a":"&query=mutation{drop}#"}}`, header: []string{"Content-Type: application/x-www-form-urlencoded"}, status: 400, answer: "more than one Content-Type", protocol: "graphql"},
	"charset, extended": {method: "POST", url: "api.example/graphql", body: `{ viewer } # +AAo-mutation{drop}`, header: []string{"-Content-Type: application/graphql; charset*=utf-7''utf-7"}, status: 400, answer: "cannot be read", protocol: "graphql"},
	"GET with a body":   {method: "GET", url: "api.example/graphql?query=%7Bviewer%7D", body: `{"query":"mutation { drop }"}`, status: 400, answer: "a GET with a body", protocol: "graphql"},
	"twin of the path":  {method: "POST", url: "api.example/graphql/", body: `{"query":"mutation { drop }"}`, status: 403, answer: "policy_denied", protocol: "rest"},
	"with a format":     {method: "POST", url: "api.example/graphql.json", body: `{"query":"mutation { drop }"}`, status: 403, answer: "policy_denied", protocol: "rest"},
	"with a space":      {method: "POST", url: "api.example/graphql%20.", body: `{"query":"mutation { drop }"}`, status: 403, answer: "policy_denied", protocol: "rest"},
	"rest beside it":    {method: "POST", url: "api.example/v3", body: `anything`, status: 200, answer: "done", protocol: "rest"},
	"tool":              {method: "POST", url: "mcp.example/mcp", body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{}}}`, status: 200, answer: "done", protocol: "mcp", reason: "tools/call search"},
	"another tool":      {method: "POST", url: "mcp.example/mcp", body: `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"rm"}}`, status: 200, answer: `"id":7`, protocol: "mcp", reason: "tools/call rm"},
	"notification":      {method: "POST", url: "mcp.example/mcp", body: `{"jsonrpc":"2.0","method":"notifications/x"}`, status: 403, answer: "policy_denied", protocol: "mcp"},
	"header not body":   {method: "POST", url: "mcp.example/mcp", body: `{"jsonrpc":"2.0","id":7,"method":"initialize"}`, header: []string{"Mcp-Method: tools/call"}, status: 400, answer: "malformed_request", protocol: "mcp"},
	"server's messages": {method: "GET", url: "mcp.example/mcp", status: 200, answer: "done", protocol: "mcp"},
	"end with a body":   {method: "DELETE", url: "mcp.example/mcp", body: `{}`, status: 400, answer: "a DELETE with a body", protocol: "mcp"},
	"another charset":   {method: "POST", url: "mcp.example/mcp", body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","x":"+ACIALAAiAG4AYQBtAGUAIgA6ACI-rm"}}`, header: []string{"-Content-Type: application/json; charset=utf-7"}, status: 400, answer: "only charset=utf-8", protocol: "mcp"},
	"call":              {method: "POST", url: "rpc.example/", body: `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]}`, status: 200, answer: "done", protocol: "json-rpc"},
	"denied in a batch": {method: "POST", url: "rpc.example/", body: `[{"jsonrpc":"2.0","id":1,"method":"eth_call"},{"jsonrpc":"2.0","id":2,"method":"eth_sign"}]`, status: 200, answer: `"id":2`, protocol: "json-rpc"},
	"twin key":          {method: "POST", url: "rpc.example/", body: `{"jsonrpc":"2.0","id":1,"method":"eth_call","Method":"eth_sign"}`, status: 400, answer: `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,`, protocol: "json-rpc"},
}

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

// The denial of a GraphQL request holds what every other denial says.
func TestGraphQLDenialExplains(t *testing.T) {
	w := newWorld(t, bodyPolicy)
	resp, err := w.client(transparent).Post("https://api.example/graphql", "application/json", strings.NewReader(`{"query":"mutation { drop }"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Errors []struct {
			Message    string
			Extensions struct {
				NextSteps []string `json:"next_steps"`
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || len(answer.Errors) != 1 {
		t.Fatal(err, answer)
	}
	if e := answer.Errors[0].Extensions; len(e.NextSteps) == 0 || resp.Header.Get("X-Exeat-Denial") != "1" {
		t.Errorf("got %+v", answer)
	}
}

// A call whose answer is waited for is judged by its parameters when the policy changes, though they were let go of.
func TestCallsAreJudgedAgain(t *testing.T) {
	const endpoint = `{ host: mcp.example, port: 443, path: /mcp, protocol: mcp, enforcement: enforce, rules: [{ allow: { method: tools/call, params: { name: search } } }] }`
	text := func(more string) string {
		return "version: 1\nnetwork_policies:\n  m: { endpoints: [" + endpoint + more + "], binaries: [{ path: /usr/bin/curl }] }\n"
	}
	w := newWorld(t, text(""))
	arrived, done := make(chan struct{}), make(chan struct{})
	w.origin("mcp.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // net/http sees the end of a connection only behind the body
		arrived <- struct{}{}
		select {
		case <-done:
			_, _ = io.WriteString(rw, "done")
		case <-r.Context().Done():
		}
	})
	call := func() chan int {
		status := make(chan int, 1)
		go func() {
			resp, err := w.client(transparent).Post("https://mcp.example/mcp", "application/json",
				strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search"}}`))
			if err != nil {
				status <- 0
				return
			}
			resp.Body.Close()
			status <- len(resp.Header.Get("X-Exeat-Denial"))
		}()
		<-arrived
		return status
	}
	kept := call()
	w.load(text(", { host: other.example, port: 443 }"))
	done <- struct{}{}
	if got := <-kept; got != 0 {
		t.Error("a call that is still allowed was refused")
	}
	lost := call()
	w.load(strings.Replace(text(""), "search", "find", 1))
	if got := <-lost; got == 0 {
		t.Error("a call that is no longer allowed was answered")
	}
}
