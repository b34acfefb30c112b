package main

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"

	"exeat/policy"
	"exeat/proxy"
	"exeat/proxy/ca"
	"exeat/proxy/credential"
	"exeat/proxy/identity"
	"exeat/sandbox/pace"
)

// Hosts that exeat's clients ask for. All of them are the origin; the policy says what becomes of each.
const (
	hostSecret      = "secret.example.com"      // inspected, and a credential is put in
	hostInspected   = "inspected.example.com"   // inspected
	hostUninspected = "uninspected.example.com" // passed on as it is
)

// outside plays what a sandbox has around its proxy: the program that calls, the names, and the way
// to the one server there is.
type outside struct{ origin string }

// Lookup implements proxy.Callers.
func (outside) Lookup(net.Conn, netip.AddrPort) (identity.Caller, error) {
	return identity.Caller{Exe: "/usr/bin/curl", PID: 42, Ancestors: []string{"/usr/bin/bash"}}, nil
}

// LookupNetIP implements proxy.Resolver: with a public address, since loopback is never dialled.
func (outside) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.AddrFrom4([4]byte{203, 0, 113, 7})}, nil
}

func (o outside) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, o.origin)
}

// runExeat is exeat's proxy as a supervisor has it, but for the callers. Its arguments are the
// directory for its files, the origin's address and certificate, and the file for a profile or "".
func runExeat(args []string) error {
	dir, o, roots, profile := args[0], outside{args[1]}, args[2], args[3]
	go pace.Runner{Rest: debug.FreeOSMemory}.Run(context.Background())
	decisions, err := openSink(dir)
	if err != nil {
		return err
	}
	defer decisions.close()
	cfg, said, err := configure(dir, o, roots)
	if err != nil {
		return err
	}
	cfg.Sink = decisions
	server := proxy.New(cfg)
	defer server.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = server.ServeExplicit(l) }()
	said.Address = l.Addr().String()
	return profiled(profile, func() error { return announce(said) })
}

// configure is everything but the sink.
func configure(dir string, o outside, rootsFile string) (cfg proxy.Config, said hello, err error) {
	cfg = proxy.Config{Callers: o, Resolver: o, Dial: o.dial, SandboxName: "bench"}
	if cfg.Roots, err = readRoots(rootsFile); err != nil {
		return cfg, said, err
	}
	if cfg.CA, err = ca.New("bench"); err != nil {
		return cfg, said, err
	}
	secrets, err := injector(o.origin)
	if err != nil {
		return cfg, said, err
	}
	engine, err := compile(o.origin)
	if err != nil {
		return cfg, said, err
	}
	cfg.Credentials = secrets
	cfg.Snapshot = func() proxy.Snapshot { return proxy.Snapshot{Revision: 1, Engine: engine} }
	said = hello{Roots: filepath.Join(dir, "ca.pem"), Header: "Authorization: Bearer " + secrets.Env()["GITHUB_TOKEN"] + "\r\n"}
	return cfg, said, os.WriteFile(said.Roots, cfg.CA.PEM(), 0o600)
}

func readRoots(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, errors.New(file + " holds no certificate")
	}
	return roots, nil
}

// injector has one secret, for one host at the origin's port.
func injector(origin string) (*credential.Injector, error) {
	_, port, err := net.SplitHostPort(origin)
	if err != nil {
		return nil, err
	}
	place := net.JoinHostPort(hostSecret, port)
	provider, err := credential.NewProvider("bench", "github", credential.Options{Variable: "GITHUB_TOKEN", Hosts: []string{place}})
	if err != nil {
		return nil, err
	}
	secret, err := credential.NewValue("ghp_aSecretThatNobodyUsesElsewhere012345")
	if err != nil {
		return nil, err
	}
	return credential.NewInjector(credential.Attachment{Provider: provider, Secret: secret})
}

func compile(origin string) (*policy.Engine, error) {
	port, err := portOf(origin)
	if err != nil {
		return nil, err
	}
	engine, problems := policy.Compile(benchPolicy(port), policy.Options{})
	if engine == nil {
		return nil, problems
	}
	return engine, nil
}

// profiled writes a profile of what f lasts.
func profiled(file string, f func() error) error {
	if file == "" {
		return f()
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}
