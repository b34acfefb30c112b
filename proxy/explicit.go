package proxy

import (
	"io"
	"net"
	"net/http"

	"exeat/policy"
)

// ServeExplicit serves clients that were told to use a proxy: CONNECT, and absolute-form requests for
// http URLs. It serves until Close and always returns an error; after Close that is http.ErrServerClosed.
func (s *Server) ServeExplicit(l net.Listener) error {
	conns := newHandoff()
	defer conns.Close()
	s.work.Go(func() { _ = s.outer.Serve(conns) })
	return s.accept(l, func(k *socket) {
		conns.give(&clientConn{Conn: k, server: s, guard: newGuard(s.limits.headBytes, true), caller: s.explicitCaller(k)})
	})
}

// explicitCaller is a flow of the connection's caller, who is looked up now: another program's flood of connects could
// push the record of one that says nothing for a while out.
func (s *Server) explicitCaller(k *socket) *flow {
	door := k.LocalAddr().(*net.TCPAddr).AddrPort()
	return &flow{socket: k, caller: s.identify(k, door)}
}

// serveExplicit gives a request of the explicit door its destination.
func (s *Server) serveExplicit(w http.ResponseWriter, r *http.Request) {
	who := connOf(r).caller
	f := &flow{socket: who.socket, caller: who.caller}
	if r.Method == http.MethodConnect {
		s.connect(w, r, f)
		return
	}
	var err error
	if f.host, f.port, err = absoluteTarget(r); err != nil {
		f.verdict = malformed(err)
	}
	if f.host == hostName && f.verdict == nil {
		f.verdict = denied(policy.Decision{
			Verdict: policy.Denied, Code: policy.CodeHostPort, Layer: "l7", Protocol: policy.REST, Policy: hostPortBlock,
			Reason: "a port of the host is reached by connecting to it, or by CONNECT",
		})
	}
	if s.isInside(f) {
		r.URL.Scheme, r.URL.Host = "", ""
		s.serveInside(w, r)
		return
	}
	s.serve(w, r, f)
}

// absoluteTarget reads where an absolute-form request wants to go.
func absoluteTarget(r *http.Request) (host string, port int, err error) {
	switch {
	case r.URL.Host == "":
		return "", 0, bad("this is a proxy: it takes CONNECT host:port and absolute http:// URLs")
	case r.URL.Scheme != "http":
		return "", 0, bad("a proxy is asked for http:// URLs only; use CONNECT for the rest")
	case r.URL.User != nil:
		return "", 0, bad("the URL contains a user name")
	}
	return splitAuthority(r.URL.Host, 80)
}

// connect opens a tunnel. It always succeeds where the destination can be read: a denial is explained
// to the first request inside, where the client can show it.
func (s *Server) connect(w http.ResponseWriter, r *http.Request, f *flow) {
	var err error
	if f.host, f.port, err = splitAuthority(r.RequestURI, 0); err != nil {
		w.Header().Set("Connection", "close") // what follows a CONNECT is not HTTP to us
		f.verdict = malformed(err)
		s.serve(w, r, f)
		return
	}
	below, err := takeOver(w)
	if err != nil {
		s.cfg.Logger.Error("take over a CONNECT", "error", err)
		return
	}
	if _, err := io.WriteString(below, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		below.Close()
		return
	}
	f.conn = below
	defer s.recovered(f.socket)
	s.carry(f)
}
