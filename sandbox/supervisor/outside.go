package supervisor

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"sync"
	"time"

	"exeat/proxy/corporate"
	"exeat/sandbox/settings"
)

// readSettings reads what stands between this machine and the outside. A password
// may be in it, so it comes after hide, and before the roots are parsed.
func (s *supervisor) readSettings() error {
	outside, err := settings.Read(s.dirs.Config, s.launch.Proxy)
	if err != nil {
		return err
	}
	if outside.Proxy != nil {
		s.ahead.gate = &gate{proxy: outside.Proxy, logger: s.logger}
		s.logger.Info("connections leave through a proxy", "proxy", outside.Proxy.String())
	}
	if len(outside.Roots) > 0 {
		s.ahead.hostRoots = mergedBundle(s.ahead.hostRoots, outside.Roots)
	}
	return nil
}

// dial connects outside. No server is verified before the roots are there.
func (a *ahead) dial(ctx context.Context, network, address string) (net.Conn, error) {
	a.trust()
	if a.gate != nil {
		return a.gate.dial(ctx, address, a.roots)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// gateTime is how long one line of the log stands for every failure.
const gateTime = time.Minute

// gate is a corporate proxy. What fails there is in the log too: a client that speaks
// no HTTP sees a reset only. An agent must not fill the log with it.
type gate struct {
	proxy  *corporate.Proxy
	logger *slog.Logger

	mu   sync.Mutex
	told time.Time // guarded by mu
}

func (g *gate) dial(ctx context.Context, address string, roots *x509.CertPool) (net.Conn, error) {
	conn, err := g.proxy.Dial(ctx, address, roots)
	if err != nil {
		g.tell(address, err)
	}
	return conn, err
}

func (g *gate) tell(address string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.told) >= gateTime {
		g.told = now
		g.logger.Warn("a connection ended at the proxy", "proxy", g.proxy.String(), "to", address, "err", err)
	}
}
