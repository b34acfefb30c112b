package proxy_test

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"exeat/proxy/identity"
)

// A connection into a network that one block opens does not serve the requests of another that opens none, though it
// goes to the same name.
func TestConnectionsAreNotSharedAcrossNetworks(t *testing.T) {
	w := newWorld(t, `version: 1
network_policies:
  a: { endpoints: [{ host: api.example, port: 443, protocol: rest, enforcement: enforce, access: read-only, allowed_ips: [10.0.0.0/8] }], binaries: [{ path: /usr/bin/git }] }
  b: { endpoints: [{ host: api.example, port: 443, protocol: rest, enforcement: enforce, access: read-only }], binaries: [{ path: /usr/bin/curl }] }
`)
	says := func(text string) func(http.ResponseWriter, *http.Request) {
		return func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, text) }
	}
	outer := w.origin("api.example", 443, says("outer"))
	inner := w.origin("api.example", 443, says("inner"))
	public, private := w.address("api.example"), netip.MustParseAddr("10.0.0.5")
	w.mu.Lock()
	w.routes[netip.AddrPortFrom(public, 443).String()] = outer.Listener.Addr().String()
	w.routes[netip.AddrPortFrom(private, 443).String()] = inner.Listener.Addr().String()
	w.mu.Unlock()
	ask := func(exe string, address netip.Addr) string {
		w.mu.Lock()
		w.hosts["api.example"], w.caller = []netip.Addr{address}, identity.Caller{Exe: exe, PID: 42}
		w.mu.Unlock()
		w.server.ForgetResolutions()
		resp, err := w.client(transparent).Get("https://api.example/")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return strings.TrimSpace(string(text))
	}
	if got := ask("/usr/bin/git", private); got != "inner" {
		t.Fatalf("git got %q", got)
	}
	if got := ask("/usr/bin/curl", public); got != "outer" {
		t.Errorf("curl got %q", got)
	}
}
