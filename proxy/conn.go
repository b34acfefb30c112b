package proxy

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// socket is an accepted connection that gives its place back when it is closed.
type socket struct {
	net.Conn
	once sync.Once
	gone func()
}

func (s *socket) Close() error {
	s.once.Do(s.gone)
	return s.Conn.Close()
}

// reset closes with an RST: the client sees a connection that broke, not an answer that ended. What is below TLS is closed
// first: whoever does not read could hold up the end of TLS.
func (s *socket) reset() {
	c := s.Conn
	for {
		layer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		c = layer.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
		tcp.Close()
	}
	s.Close()
}

// CloseWrite ends our direction only.
func (s *socket) CloseWrite() error { return closeWrite(s.Conn) }

func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// takeOver takes a client's connection from the HTTP server. What the client sent along with its request is
// in the server's buffer already, where goproxy lost it.
func takeOver(w http.ResponseWriter) (*peeked, error) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	early := make([]byte, buffered.Reader.Buffered())
	_, _ = io.ReadFull(buffered.Reader, early)
	return &peeked{Conn: conn.(*clientConn).Conn, head: early}, nil
}

// peeked is a connection some of whose bytes were read to look at them; they are read again first.
type peeked struct {
	net.Conn
	head []byte
}

func (p *peeked) Read(b []byte) (int, error) {
	if len(p.head) > 0 {
		n := copy(b, p.head)
		if p.head = p.head[n:]; len(p.head) == 0 {
			p.head = nil // its memory would stay as long as the connection
		}
		return n, nil
	}
	return p.Conn.Read(b)
}

// more reads what the client sends next into head.
func (p *peeked) more() error {
	buffer := make([]byte, 4096)
	n, err := p.Conn.Read(buffer)
	p.head = append(p.head, buffer[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

func (p *peeked) CloseWrite() error { return closeWrite(p.Conn) }

// linger lets a client read an answer it did not wait for: closing with unread bytes makes the kernel
// send an RST, which discards the answer on the client's side (RFC 9112 9.6).
func linger(c net.Conn) {
	_ = closeWrite(c)
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	buffer := make([]byte, 4096)
	for total := 0; total < 256<<10; {
		n, err := c.Read(buffer)
		if total += n; err != nil {
			return
		}
	}
}

// handoff is a listener whose connections come from elsewhere in the process.
type handoff struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandoff() *handoff {
	return &handoff{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// give passes c on; a closed handoff closes it.
func (h *handoff) give(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.closed:
		c.Close()
	}
}

// Accept implements net.Listener.
func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handoff) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr implements net.Listener; nobody asks.
func (h *handoff) Addr() net.Addr { return &net.TCPAddr{} }
