package proxy

import (
	"net"
	"net/netip"

	"exeat/proxy/identity"
)

// ServeTransparent serves connections that the sandbox's network redirected to l, until Close. It
// always returns an error; after Close that is http.ErrServerClosed.
func (s *Server) ServeTransparent(l net.Listener) error {
	return s.accept(l, s.transparent)
}

func (s *Server) transparent(k *socket) {
	original, err := s.original(k.Conn)
	if err != nil || !original.IsValid() {
		s.cfg.Logger.Debug("connection without a destination", "error", err)
		k.reset()
		return
	}
	if original.String() == k.LocalAddr().String() {
		// Somebody connected to the door itself. Carrying it on would connect us to ourselves.
		k.reset()
		return
	}
	s.carryTo(k, original)
}

// ServeDirect serves connections that were not redirected, until Close: l is on every address of its
// port, all addresses are local to the sandbox, and so a connection arrives where it meant to go. It
// always returns an error; after Close that is http.ErrServerClosed.
func (s *Server) ServeDirect(l net.Listener) error {
	return s.accept(l, s.direct)
}

func (s *Server) direct(k *socket) {
	local, okLocal := k.LocalAddr().(*net.TCPAddr)
	remote, okRemote := k.RemoteAddr().(*net.TCPAddr)
	if !okLocal || !okRemote || local.IP.IsLoopback() || local.IP.Equal(remote.IP) {
		k.reset() // meant for a program in the sandbox itself, as with a redirect
		return
	}
	s.carryTo(k, local.AddrPort())
}

// carryTo carries a connection whose destination is known.
func (s *Server) carryTo(k *socket, original netip.AddrPort) {
	f := &flow{conn: k, socket: k, caller: s.identify(k, original), port: int(original.Port())}
	f.host = s.nameOf(original.Addr())
	s.carry(f)
}

// nameOf is the name the sandbox asked its resolver for, or the address itself.
func (s *Server) nameOf(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if s.cfg.Names != nil {
		if name, ok := s.cfg.Names.Name(a); ok {
			return name
		}
	}
	return a.String()
}

// identify never fails: a caller that cannot be found has no rights.
func (s *Server) identify(c net.Conn, original netip.AddrPort) identity.Caller {
	caller, err := s.cfg.Callers.Lookup(c, original)
	if err != nil && caller.Unknown == "" {
		caller.Unknown = err.Error()
	}
	return caller
}
