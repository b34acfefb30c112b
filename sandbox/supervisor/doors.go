package supervisor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"exeat/proxy"
	"exeat/proxy/ca"
	"exeat/proxy/identity"
	"exeat/sandbox/netns"
)

// openKeys makes the sandbox's authority and reads its secrets. From here on this
// process holds some.
func (s *supervisor) openKeys() (err error) {
	if err := s.ahead.wait(); err != nil {
		return err
	}
	if err := s.readSettings(); err != nil {
		return err
	}
	if s.authority, err = s.newAuthority(); err != nil {
		return err
	}
	s.secrets, err = s.attach()
	return err
}

// openDoors serves everything the sandbox can reach.
func (s *supervisor) openDoors(context.Context) error {
	if err := s.writeLogins(); err != nil { // what a program has put there must not keep the sandbox from starting
		s.warn(fmt.Sprintf("a program's login is missing: %v", err))
	}
	sink := &sink{log: s.ahead.log, reader: s.ahead.reader, denials: s.denials, logger: s.logger}
	names := netns.NewNames(func(name string) (matched, literally bool) { return s.live.Load().Engine.Names(name) })
	watcher, err := s.watch(sink, names)
	if err != nil {
		return err
	}
	s.proxy = proxy.New(proxy.Config{
		Snapshot: func() proxy.Snapshot {
			now := s.live.Load()
			return proxy.Snapshot{Revision: now.Revision, Engine: now.Engine}
		},
		Changed: s.live.Changed, Sink: sink, Callers: watcher, Names: names, CA: s.authority,
		Credentials: s.secrets, HostPorts: s.sandbox.Spec.HostPorts, Inside: s.inside(sink.reader), Roots: s.ahead.roots, Dial: s.ahead.dial, Logger: s.logger, SandboxName: s.sandbox.Name,
	})
	s.serveAll(s.proxy, names)
	s.openPorts(s.live.Load().Policy)
	return nil
}

// newAuthority makes the sandbox's certificate authority and lets the sandbox trust it.
func (s *supervisor) newAuthority() (*ca.Authority, error) {
	authority, err := ca.New("exeat sandbox " + s.sandbox.Name)
	if err != nil {
		return nil, err
	}
	return authority, s.writeTrust(authority.PEM())
}

// watch answers every connect() of the sandbox. Without it they all fail, so
// its end is the sandbox's. Where the kernel gives no listener, who connects is
// found by scanning the sandbox's processes.
func (s *supervisor) watch(sink *sink, names *netns.Names) (*identity.Watcher, error) {
	handlers, err := s.handlers(sink)
	if err != nil {
		return nil, err
	}
	udp := &datagrams{s: s, sink: sink, names: names, told: map[netip.AddrPort]time.Time{}}
	watcher, err := identity.New(identity.Config{
		Notify: s.box.Notify, Diag: s.box.Sockets.Diag, Conntrack: s.box.Sockets.Conntrack, InitPID: s.box.PID,
		Proc: s.box.Proc, Writable: s.view.writable, Handlers: handlers, Datagram: udp.note, Local: s.isLocal,
		Repinned: func(path string) { s.logger.Info("executable changed by root, pinned again", "path", path) },
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := watcher.Watch(ctx); err != nil {
			s.fail("watch connects", err)
		}
	}()
	s.undo.add(func() { cancel(); <-done })
	return watcher, nil
}

// serveAll runs both doors and the resolver until their sockets close.
func (s *supervisor) serveAll(server *proxy.Server, names *netns.Names) {
	sockets := s.box.Sockets
	var serving sync.WaitGroup
	serve := func(what string, f func() error) {
		serving.Go(func() {
			if err := f(); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
				s.fail(what, err)
			}
		})
	}
	serve("explicit proxy", func() error { return server.ServeExplicit(sockets.Proxy) })
	s.ports.serve = func(l net.Listener) { serve("port", func() error { return server.ServeDirect(l) }) }
	for _, l := range []net.Listener{sockets.TCP4, sockets.TCP6} {
		if l != nil {
			serve("transparent proxy", func() error { return server.ServeTransparent(l) })
		}
	}
	for _, c := range []net.PacketConn{sockets.DNSUDP4, sockets.DNSUDP6} {
		if c != nil {
			serve("resolver", func() error { return names.ServeUDP(c) })
		}
	}
	for _, l := range []net.Listener{sockets.DNSTCP4, sockets.DNSTCP6} {
		if l != nil {
			serve("resolver", func() error { return names.ServeTCP(l) })
		}
	}
	s.undo.add(func() {
		server.Close()
		sockets.Close()
		serving.Wait()
	})
}
