package proxy_test

import (
	"crypto/x509"
	"net"
	"net/netip"
	"sync"
	"testing"

	"exeat/policy"
	"exeat/proxy"
	"exeat/proxy/ca"
	"exeat/proxy/identity"
)

// The doors of the proxy, as a client sees them.
const (
	transparent = "transparent"
	explicit    = "explicit"
)

var doors = []string{transparent, explicit}

// world is a proxy with an outside made of servers on loopback that pretend to have public addresses.
type world struct {
	t         testing.TB
	server    *proxy.Server
	sink      *memory
	authority *ca.Authority // of the sandbox
	public    *ca.Authority // of the outside
	explicit  string        // address of the explicit door
	clientCAs *x509.CertPool

	mu        sync.Mutex
	snapshot  proxy.Snapshot
	changed   chan struct{}
	hosts     map[string][]netip.Addr // what the outside resolver says
	lookups   int
	routes    map[string]string         // "public ip:port" to the loopback address that plays it
	names     map[netip.Addr]string     // synthetic addresses
	originals map[string]netip.AddrPort // listener of the transparent door to destination
	caller    identity.Caller
}

func newWorld(t testing.TB, policyText string, adjust ...func(*proxy.Config)) *world {
	t.Helper()
	w := &world{
		t: t, sink: &memory{}, changed: make(chan struct{}),
		hosts: map[string][]netip.Addr{}, routes: map[string]string{}, names: map[netip.Addr]string{},
		originals: map[string]netip.AddrPort{},
		caller:    identity.Caller{Exe: "/usr/bin/curl", PID: 42},
	}
	w.authority, w.public = authority(t), authority(t)
	w.snapshot = proxy.Snapshot{Revision: 1, Engine: compile(t, policyText)}
	cfg := proxy.Config{
		Snapshot: w.current, Changed: w.change, Sink: w.sink, Callers: w, Names: w, CA: w.authority,
		Roots: pool(w.public), Resolver: w, Dial: w.dial, Interfaces: machine("127.0.0.1/8", "::1/128"), SandboxName: "calm-otter",
	}
	for _, f := range adjust {
		f(&cfg)
	}
	w.server = proxy.NewForTest(cfg, w.original)
	w.clientCAs = pool(w.authority)
	l := listen(t)
	w.explicit = l.Addr().String()
	server := w.server // some tests replace it
	go server.ServeExplicit(l)
	t.Cleanup(w.server.Close)
	return w
}

func authority(t testing.TB) *ca.Authority {
	t.Helper()
	a, err := ca.New("test")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func pool(a *ca.Authority) *x509.CertPool {
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(a.PEM())
	return p
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func compile(t testing.TB, text string) *policy.Engine {
	t.Helper()
	p, problems := policy.Parse("test.yaml", []byte(text))
	if p == nil {
		t.Fatalf("policy: %v", problems)
	}
	engine, problems := policy.Compile(p, policy.Options{})
	if engine == nil {
		t.Fatalf("compile: %v", problems)
	}
	return engine
}

func (w *world) current() proxy.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.snapshot
}

func (w *world) change() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// load puts another policy in force.
func (w *world) load(text string) {
	w.t.Helper()
	engine := compile(w.t, text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.snapshot = proxy.Snapshot{Revision: w.snapshot.Revision + 1, Engine: engine}
	close(w.changed)
	w.changed = make(chan struct{})
}

// Lookup implements proxy.Callers.
func (w *world) Lookup(net.Conn, netip.AddrPort) (identity.Caller, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.caller, nil
}

// as makes another program the caller of further connections.
func (w *world) as(caller identity.Caller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.caller = caller
}

// Name implements proxy.Names.
func (w *world) Name(a netip.Addr) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name, ok := w.names[a]
	return name, ok
}
