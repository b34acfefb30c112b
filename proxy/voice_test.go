package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// An address of the host's network stays in the record, in whatever protocol its denial is told.
func TestAddressIsHidden(t *testing.T) {
	w := newWorld(t, bodyPolicy)
	for _, host := range []string{"api.example", "rpc.example"} {
		w.hosts[host] = []netip.Addr{netip.MustParseAddr("10.1.2.3")}
	}
	push := packet(zero+" "+strings.Repeat("a", 40)+" refs/heads/x\x00report-status side-band-64k") + "0000"
	for name, row := range map[string]struct{ url, kind, body, want string }{
		"plain":   {"api.example/v3", "text/plain", "x", `"address_denied"`},
		"graphql": {"api.example/graphql", "application/json", `{"query":"{ x }"}`, `"errors"`},
		"rpc":     {"rpc.example/", "application/json", `{"jsonrpc":"2.0","id":1,"method":"eth_call"}`, `"jsonrpc"`},
		"grpc":    {"api.example/v3", "application/grpc", "x", "Grpc-Message"},
		"git":     {"api.example/v3/git-receive-pack", "application/x-git-receive-pack-request", push, "ng refs/heads/x"},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://"+row.url, strings.NewReader(row.body))
		r.Header.Set("Content-Type", row.kind)
		resp, err := w.client(transparent).Do(r)
		if err != nil {
			t.Fatal(name, err)
		}
		var answer strings.Builder
		_ = resp.Header.Write(&answer)
		_, _ = io.Copy(&answer, resp.Body)
		resp.Body.Close()
		if got := answer.String(); !strings.Contains(got, row.want) || strings.Contains(got, "10.1.2.3") || !strings.Contains(got, "not open to the sandbox") {
			t.Errorf("%s: told %s", name, got)
		}
		if events := w.sink.take(); len(events) != 1 || !strings.Contains(events[0].Reason, "10.1.2.3") {
			t.Errorf("%s: recorded %+v", name, events)
		}
	}
}

// A client of MCP that calls a server which the policy does not know gets an error that it shows; whoever
// else posts JSON gets an HTTP status.
func TestUnknownMCPServer(t *testing.T) {
	const both, hello = "application/json, text/event-stream", `{"jsonrpc":"2.0","id":7,"method":"initialize","params":{}}`
	long := strings.Repeat(" ", 64<<10)
	w := newWorld(t, basePolicy)
	for name, row := range map[string]struct{ url, accept, body, want string }{
		"another path":      {"api.example/mcp", both, hello, `200 {"jsonrpc":"2.0","id":7,"error":`},
		"another host":      {"mcp.example/", both, hello, `200 {"jsonrpc":"2.0","id":7,"error":`},
		"a batch":           {"mcp.example/", both, "[" + hello + "]", `200 [{"jsonrpc":"2.0","id":7,"error":`},
		"a notification":    {"mcp.example/", both, `{"jsonrpc":"2.0","method":"x"}`, "403 {\n  \"error\""},
		"no stream wanted":  {"mcp.example/", "application/json", hello, "403 {\n  \"error\""},
		"not JSON-RPC":      {"mcp.example/", both, `{"model":"x","stream":true}`, "403 {\n  \"error\""},
		"not JSON":          {"mcp.example/", both, `hello`, "403 {\n  \"error\""},
		"longer than needs": {"mcp.example/", both, hello + long, "403 {\n  \"error\""},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://"+row.url, strings.NewReader(row.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", row.accept)
			resp, err := w.client(transparent).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if got := fmt.Sprintf("%d %s", resp.StatusCode, body); !strings.HasPrefix(got, row.want) || !strings.Contains(got, "not permitted by policy") {
				t.Errorf("got %s", got)
			}
		})
	}
}
