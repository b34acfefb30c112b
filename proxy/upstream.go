package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"exeat/proxy/corporate"
)

// How long, and for how many names, a resolution is remembered. One answer serves the check and the
// dial, so that a name cannot change its address in between (DNS rebinding).
const (
	resolutionLife = 30 * time.Second
	maxResolutions = 1024
	maxAddresses   = 16 // of a name that are kept and dialled: a hostile answer holds thousands
)

// upstream reaches the outside: it resolves, checks and dials, and pools TLS and HTTP connections.
type upstream struct {
	cfg        Config
	limits     limits
	interfaces *interfaces

	closing sync.WaitGroup // of idle connections

	mu       sync.Mutex
	over     bool                  // guarded by mu: nobody waits for what is closed from now on
	resolved map[string]resolution // guarded by mu
	pools    map[pool]*origins     // guarded by mu
}

// pool names connections that may serve each other's requests.
type pool struct {
	http2   bool   // the client speaks it: gRPC needs it on both legs, everything else is faster without
	clear   bool   // HTTP/2 without TLS, whose server the client knew
	narrow  bool   // there are many streams, and none may hold much
	opened  string // networks that the policy opens for the request: what is there answers no other's
	secrets string // providers whose secrets the requests carry: an origin may remember them by connection
}

type resolution struct {
	addresses []netip.Addr
	expires   time.Time
}

func newUpstream(cfg Config, l limits) *upstream {
	return &upstream{cfg: cfg, limits: l, interfaces: &interfaces{list: cfg.Interfaces}, resolved: map[string]resolution{}, pools: map[pool]*origins{}}
}

// origins has the connections of a pool.
func (u *upstream) origins(p pool) *origins {
	u.mu.Lock()
	defer u.mu.Unlock()
	o := u.pools[p]
	if o == nil {
		o = u.newOrigins(p)
		u.pools[p] = o
	}
	return o
}

// renew ends all idle connections. Those at work end with their requests: a transport that was told to
// close its idle connections, and gets no more requests, keeps none. It does not wait: an origin that does not read
// makes the end of TLS take seconds, in which the next policy would reach nothing that is live.
func (u *upstream) renew() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for p, o := range u.pools {
		delete(u.pools, p)
		if u.over {
			o.CloseIdleConnections()
			continue
		}
		u.closing.Go(o.CloseIdleConnections)
	}
}

// end is renew for the last time, and waits.
func (u *upstream) end() {
	u.renew()
	u.mu.Lock()
	u.over = true
	u.mu.Unlock()
	u.closing.Wait()
}

// resolve returns the addresses of a canonical host, all of them checked against the networks that
// the policy opens. The error is an *addressError where policy, and not the network, is the reason.
func (u *upstream) resolve(ctx context.Context, host string, allowed []netip.Prefix) ([]netip.Addr, error) {
	addresses, err := u.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	if err := u.checkAddresses(host, addresses, allowed); err != nil {
		return nil, err
	}
	return addresses[:min(len(addresses), maxAddresses)], nil
}

func (u *upstream) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, ok := parseLiteral(host); ok {
		return []netip.Addr{a}, nil
	}
	u.mu.Lock()
	known, ok := u.resolved[host]
	u.mu.Unlock()
	if ok && time.Now().Before(known.expires) {
		return known.addresses, nil
	}
	ctx, cancel := context.WithTimeout(ctx, u.limits.dns)
	defer cancel()
	addresses, err := u.cfg.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("resolve %s: no addresses", host)
	}
	u.remember(host, addresses)
	return addresses, nil
}

// remember keeps what will be dialled. Of an answer of which the rest would be refused it keeps nothing: the next
// check has to see that rest too.
func (u *upstream) remember(host string, addresses []netip.Addr) {
	if len(addresses) > maxAddresses {
		if u.checkAddresses(host, addresses[maxAddresses:], nil) != nil {
			return
		}
		addresses = slices.Clone(addresses[:maxAddresses])
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.resolved) >= maxResolutions {
		clear(u.resolved)
	}
	u.resolved[host] = resolution{addresses, time.Now().Add(resolutionLife)}
}

func (u *upstream) forget(host string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.resolved, host)
}

// maxDials bounds the connections of one request: for an origin of HTTP/2 that says goodbye (GOAWAY) to each, net/http
// makes another at once, a thousand a second for as long as the client waits.
const maxDials = 8

// dialDecided is the transport's dialer. It dials only what a decided request carries with it: a dial
// that no decision stands behind fails.
func (u *upstream) dialDecided(ctx context.Context, _, address string) (net.Conn, error) {
	t, ok := ctx.Value(ticketKey{}).(*ticket)
	if !ok || t.authority != address {
		return nil, errors.New("no decision stands behind this connection")
	}
	if t.dials.Add(1) > maxDials {
		return nil, fmt.Errorf("each of %d connections ended without an answer", maxDials)
	}
	return u.dial(ctx, t.host, t.port, t.addresses)
}

// dial tries the addresses in order. They were checked by resolve; the check is not repeated on what
// a second resolution might say, because there is none.
func (u *upstream) dial(ctx context.Context, host string, port int, addresses []netip.Addr) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, u.limits.dial)
	defer cancel()
	var errs []error
	for i, a := range addresses {
		conn, err := u.dialOne(ctx, a, port, len(addresses)-i)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
		if hop, ok := errors.AsType[*corporate.Error](err); ok && hop.Final() {
			break
		}
	}
	u.forget(host)
	return nil, fmt.Errorf("connect to %s: %w", host, errors.Join(errs...))
}

// dialOne leaves the addresses after this one their share of the time.
func (u *upstream) dialOne(ctx context.Context, a netip.Addr, port, remaining int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && remaining > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(remaining))
		defer cancel()
	}
	return u.cfg.Dial(ctx, "tcp", net.JoinHostPort(a.String(), strconv.Itoa(port)))
}
