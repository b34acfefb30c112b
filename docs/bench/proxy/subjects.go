package main

import "context"

// The subjects, as they are called in the table and by -only.
const (
	direct      = "direct"
	bareRelay   = "bare-relay"
	tlsRelay    = "tls-relay"
	uninspected = "exeat-uninspected"
	full        = "exeat"
	noSecret    = "exeat-no-credential"
	bareGoproxy = "goproxy"
	squid       = "squid"
	mitmproxy   = "mitmproxy"
	tinyproxy   = "tinyproxy"
	srt         = "srt"
)

const missingSrt = "npm install -g @anthropic-ai/sandbox-runtime; apt-get install bubblewrap socat ripgrep"

// subject is a way from the client to the origin.
type subject struct {
	name    string
	host    string // that its clients ask for
	missing string // how to install it; "" if it is here
	few     bool   // it is measured only where requests are
	start   func(context.Context, *place) (*process, error)
	running *process
}

// place is where a subject finds what it needs.
type place struct {
	dir     string // its own, empty
	origin  hello
	profile string // file; "" for none
}

// subjects are all of them; the origin's own name is localhost for programs that use the system's resolver.
func subjects() []*subject {
	return []*subject{
		{name: direct, host: "localhost"},
		{name: full, host: hostSecret, start: startExeat},
		{name: noSecret, host: hostInspected, start: startExeat, few: true},
		{name: uninspected, host: hostUninspected, start: startExeat},
		{name: bareRelay, host: "localhost", start: startRelay},
		{name: tlsRelay, host: "localhost", start: startFloor, few: true},
		{name: bareGoproxy, host: "localhost", start: startGoproxy},
		{name: squid, host: "localhost", start: startSquid, missing: "apt-get install squid-openssl"},
		{name: mitmproxy, host: "localhost", start: startMitmproxy, missing: "apt-get install mitmproxy"},
		{name: tinyproxy, host: "localhost", start: startTinyproxy, missing: "apt-get install tinyproxy"},
		{name: srt, host: "localhost", start: startSrt, missing: missingSrt},
	}
}

// load is a client's load through the subject.
func (s *subject) load(l load, origin hello) load {
	l.Origin, l.Host, l.Roots = origin.Address, s.host, origin.Roots
	if s.running == nil {
		return l
	}
	h := s.running.hello
	l.Proxy, l.Greeting, l.PIDs = h.Address, h.Greeting, family(s.running.cmd.Process.Pid)
	if h.Roots != "" && s.host != hostUninspected {
		l.Roots = h.Roots
	}
	if s.host == hostSecret {
		l.Header = h.Header
	}
	return l
}

func startRelay(ctx context.Context, at *place) (*process, error) {
	return startRole(ctx, "role-relay", at.origin.Address)
}

func startFloor(ctx context.Context, at *place) (*process, error) {
	return startRole(ctx, "role-floor", at.dir, at.origin.Address, at.origin.Roots)
}

func startGoproxy(ctx context.Context, at *place) (*process, error) {
	return startRole(ctx, "role-goproxy", at.dir, at.origin.Roots)
}

func startExeat(ctx context.Context, at *place) (*process, error) {
	return startRole(ctx, "role-exeat", at.dir, at.origin.Address, at.origin.Roots, at.profile)
}
