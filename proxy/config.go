package proxy

import (
	"context"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"exeat/policy"
	"exeat/proxy/ca"
	"exeat/proxy/identity"
)

// Snapshot is the policy in force at one moment.
type Snapshot struct {
	Revision int
	Engine   *policy.Engine
}

// Event is one decision. Its texts come from the sandbox as they are; whoever stores them neutralises them.
type Event struct {
	Time        time.Time
	Revision    int
	Exe         string
	PID         int
	Ancestors   []string
	Tainted     string // see identity.Caller
	Host        string
	Port        int
	Layer       string // "l4" or "l7"
	Protocol    string
	Method      string
	Target      string // path and query as judged
	Verdict     string // a policy.Verdict
	Policy      string
	Code        string // a policy.Code; empty when allowed
	Reason      string
	RuleMissing string
	Credential  string // providers whose secrets were put in, separated by commas
	Ending             // what of it is known at once
	Count       int
}

// Ending is what a request or a connection came to.
type Ending struct {
	Status   int   // of the answer; 0 where nobody was given one
	BytesIn  int64 // towards the sandbox
	BytesOut int64 // out of the sandbox
	Duration time.Duration
	Failed   string // of what was allowed: the code of why the origin's answer did not come, or not whole; "" where it did
}

// Sink keeps decisions. Record returns when the decision is safe enough to act on it: a denial is
// stored, an allow is queued. An error means that it is not, and then nothing is let through. It
// answers within seconds, whatever the disk does: a request waits for it.
type Sink interface {
	Record(ctx context.Context, e Event) (id int64, err error)
	// Begin is Record for an allowed request that takes a secret along: it may be sent out once Begin has
	// returned, and answered once kept has. Storing it takes as long as the origin's answer, and beside it.
	Begin(ctx context.Context, e Event) (id int64, kept func() error, err error)
	// Complete adds what an allowed request came to.
	Complete(id int64, e Ending)
}

// Callers finds the program behind an accepted connection; original is where it meant to go.
type Callers interface {
	Lookup(client net.Conn, original netip.AddrPort) (identity.Caller, error)
}

// Names finds the name that the sandbox's resolver answered with a synthetic address.
type Names interface {
	Name(address netip.Addr) (name string, ok bool)
}

// Credentials puts secrets into requests on their way out.
type Credentials interface {
	// Foreign refuses credentials of somebody else towards a provider's host: with a key of the
	// attacker's own, an allowed host becomes a way out. To is HOST, with the port where it is not the
	// scheme's own.
	Foreign(to string, h http.Header, u *url.URL) error
	// Apply names the providers whose secrets it put into h and into the query of u. An error means that
	// the request carries a placeholder to a place where it must not go.
	Apply(to string, tls bool, h http.Header, u *url.URL) (used []string, err error)
	// Body is Apply for a body that was read whole. To has the path behind it.
	Body(to string, tls bool, contentType string, body []byte) (out []byte, used []string, err error)
	// Lends tells whether the secret of a provider may still go out.
	Lends(provider string) bool
	// Carries tells whether a placeholder stands in data. Watch passes a body on, and ends it with a
	// *credential.Misuse before a placeholder is complete.
	Carries(data []byte) bool
	Watch(r io.Reader) io.Reader
	// Exposed tells whether a host may show secrets to requests without one: answers of all are masked then. With
	// fills a policy has secrets put into bodies.
	Exposed(to string, fills bool) bool
	// MaskHeader and Mask put placeholders in place of secrets that an origin sends back.
	MaskHeader(h http.Header)
	Mask(r io.ReadCloser) io.ReadCloser
	MaskKeepsLength() bool // what is put in is as long as what it replaces
}

// Resolver looks names up outside the sandbox; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Config is everything a Server needs. Snapshot, Sink, Callers and CA are required.
type Config struct {
	Snapshot    func() Snapshot
	Changed     func() <-chan struct{} // closed at the next change of the policy; nil: it never changes
	Sink        Sink
	Callers     Callers
	Names       Names // nil: every address is a literal
	CA          *ca.Authority
	Credentials Credentials    // nil: none are known
	HostPorts   []int          // ports of the host's loopback that are lent, as host.exeat.local
	Inside      http.Handler   // answers http://exeat.local; nil: that name is like any other
	Roots       *x509.CertPool // whom to trust upstream; nil trusts nobody
	Resolver    Resolver       // nil: the system's
	// Dial connects to an address that was resolved and checked before; nil: a plain dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Interfaces has the addresses of this machine, which are never dialled; nil: the system's.
	Interfaces  func() ([]net.Addr, error)
	Logger      *slog.Logger // nil: silent
	SandboxName string
}

// withDefaults fills what may be left out.
func (c Config) withDefaults() Config {
	if c.Resolver == nil {
		c.Resolver = &net.Resolver{PreferGo: true}
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.Interfaces == nil {
		c.Interfaces = net.InterfaceAddrs
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Roots == nil {
		c.Roots = x509.NewCertPool()
	}
	return c
}
