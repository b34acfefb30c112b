package supervisor

import (
	"net/netip"
	"testing"
	"time"

	"exeat/policy"
	"exeat/policy/live"
	"exeat/proxy/identity"
	"exeat/sandbox/netns"
	"exeat/store"
)

// A UDP connect() to what the program reaches over TCP is no denial: resolvers sort addresses by it. Another
// program's, and one to anywhere else, is.
func TestDatagramsWhereTCPGoes(t *testing.T) {
	p, problems := policy.Parse("test.yaml", []byte(`version: 1
network_policies:
  a:
    endpoints: [{ host: api.example.com, port: 443, protocol: rest, enforcement: enforce, access: read-only }]
    binaries: [{ path: /usr/bin/curl }]
`))
	if p == nil {
		t.Fatal(problems)
	}
	engine, _ := policy.Compile(p, policy.Options{})
	s := &supervisor{live: live.New(&live.Snapshot{Engine: engine}), sandbox: store.Sandbox{Spec: store.Spec{HostPorts: []int{8080}}}}
	d := &datagrams{s: s, names: netns.NewNames(engine.Names)}
	for _, tt := range []struct {
		exe, host string
		port      int
		want      bool
	}{
		{"/usr/bin/curl", "api.example.com", 443, true},
		{"/usr/bin/node", "api.example.com", 443, false},
		{"/usr/bin/curl", "api.example.com", 123, false},
		{"/usr/bin/curl", "evil.example", 443, false},
		{"", "api.example.com", 443, false},
		{"/usr/bin/curl", netns.LocalName, 80, true},
		{"/usr/bin/curl", netns.HostName, 8080, true},
		{"/usr/bin/curl", netns.HostName, 22, false},
	} {
		if got := d.reaches(identity.Caller{Exe: tt.exe}, tt.host, tt.port); got != tt.want {
			t.Errorf("%s to %s:%d: got %v, want %v", tt.exe, tt.host, tt.port, got, tt.want)
		}
	}
	if got := d.host(netip.AddrPortFrom(netns.LocalAddr(), 80)); got != netns.LocalName {
		t.Errorf("got %q, want %q", got, netns.LocalName)
	}
}

// What was not recorded for one program does not stand for another's within the minute.
func TestDatagramsAreForgotten(t *testing.T) {
	d := &datagrams{told: map[netip.AddrPort]time.Time{}}
	to := netip.MustParseAddrPort("198.18.0.3:443")
	first, again := d.first(to), d.first(to)
	d.forget(to)
	if later := d.first(to); !first || again || !later {
		t.Errorf("got %v, %v, %v, want only the second to be covered", first, again, later)
	}
}
