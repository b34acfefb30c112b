package proxy

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Server is the proxy of one sandbox. Its pools and caches are never shared with another's.
type Server struct {
	cfg      Config
	limits   limits
	upstream *upstream
	forward  forwarder
	buffers  *sync.Pool
	live     registry
	served   atomic.Int64 // streams of HTTP/2 that have a handler
	held     atomic.Int64 // bytes of bodies, see reserve
	unended  *openStreams // of HTTP/2

	outer    *http.Server // requests of the explicit door
	requests *handoff     // connections whose requests are judged one by one
	streams  *handoff     // the same by HTTP/2
	inside   *handoff     // connections to exeat.local
	servers  []*http.Server

	// original tells where a connection of the transparent door meant to go.
	original func(net.Conn) (netip.AddrPort, error)

	stop context.CancelFunc
	ctx  context.Context // ends with Close; the parent of everything that outlives a request
	work sync.WaitGroup

	mu        sync.Mutex
	listeners map[net.Listener]struct{} // guarded by mu
	sockets   map[*socket]struct{}      // guarded by mu
	warned    time.Time                 // guarded by mu: when it was last said that connections fail
	closed    bool                      // guarded by mu
}

// New makes a server. It is closed by Close, whether or not a door was ever served.
func New(cfg Config) *Server { return newServer(cfg, defaultLimits()) }

func newServer(cfg Config, l limits) *Server {
	cfg = cfg.withDefaults()
	s := &Server{
		cfg: cfg, limits: l,
		upstream: newUpstream(cfg, l), buffers: newBuffers(),
		requests: newHandoff(), streams: newHandoff(), inside: newHandoff(),
		original:  originalDestination,
		unended:   &openStreams{limit: 2 * l.streams, conns: map[*connStreams]struct{}{}},
		listeners: map[net.Listener]struct{}{}, sockets: map[*socket]struct{}{},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.forward = newForwarder(s.upstream)
	s.outer = s.httpServer(s.serveExplicit)
	s.start(s.httpServer(s.serveFlow), s.requests)
	s.start(s.http2Server(s.serveStream), s.streams)
	s.start(s.httpServer(s.serveInside), s.inside)
	s.servers = append(s.servers, s.outer)
	if cfg.Changed != nil {
		s.work.Go(s.watch)
	}
	return s
}

// connKey is the context key of the *clientConn a request came on.
type connKey struct{}

func connOf(r *http.Request) *clientConn { return r.Context().Value(connKey{}).(*clientConn) }

func (s *Server) httpServer(h http.HandlerFunc) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           answering(h),
		ConnState:         answered,
		Protocols:         &protocols,
		ReadHeaderTimeout: s.limits.header,
		IdleTimeout:       s.limits.idle,
		MaxHeaderBytes:    2 * s.limits.headBytes, // the guard, which can say why, comes first
		ErrorLog:          log.New(io.Discard, "", 0),
		// net/http would answer "OPTIONS *" by itself: unjudged, and for every host.
		DisableGeneralOptionsHandler: true,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c.(*clientConn))
		},
	}
}

func (s *Server) start(server *http.Server, l net.Listener) {
	s.servers = append(s.servers, server)
	s.work.Go(func() { _ = server.Serve(l) })
}

// serveFlow handles a request of a connection whose destination is known.
func (s *Server) serveFlow(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, connOf(r).flow)
}

func (s *Server) serveInside(w http.ResponseWriter, r *http.Request) {
	s.cfg.Inside.ServeHTTP(w, r)
}

// watch re-evaluates what is live whenever the policy changes.
func (s *Server) watch() {
	for {
		changed := s.cfg.Changed() // before the snapshot: a change in between is then seen twice, not missed
		s.live.review(s.ctx, s.cfg.Snapshot())
		s.upstream.renew()
		select {
		case <-changed:
		case <-s.ctx.Done():
			return
		}
	}
}

// CredentialsChanged keeps connections that served with a secret from serving with the one that replaced it.
func (s *Server) CredentialsChanged() { s.upstream.renew() }

// CredentialGone also ends what carries the secret of a provider that was detached: an answer that still comes, a
// WebSocket.
func (s *Server) CredentialGone(provider string) {
	s.live.drop(provider, detached(provider))
	s.CredentialsChanged()
}

// Close ends both doors and every connection, and waits until nothing of the server runs any more.
func (s *Server) Close() {
	s.stop()
	s.mu.Lock()
	s.closed = true
	listeners, sockets := s.listeners, s.sockets
	s.listeners, s.sockets = nil, map[*socket]struct{}{}
	s.mu.Unlock()
	for l := range listeners {
		l.Close()
	}
	for _, server := range s.servers {
		_ = server.Close()
	}
	s.requests.Close()
	s.streams.Close()
	s.inside.Close()
	for k := range sockets {
		k.Conn.Close()
	}
	s.upstream.end()
	s.work.Wait()
}
