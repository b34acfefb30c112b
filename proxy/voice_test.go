package proxy_test

import (
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
