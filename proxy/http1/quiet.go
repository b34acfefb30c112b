package http1

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// quiet reports that an idle connection neither ended nor said anything: what an origin says before it is asked
// would be taken for the answer to the next request (RFC 9112 9.2).
func (k *conn) quiet() bool { return k.gate.drained(k) && k.socket.silent() }

// gate lies between TLS and the socket. Shut, it lets TLS give out what it has read from the socket, and read no more.
type gate struct {
	net.Conn
	shut bool
}

func (g *gate) Read(p []byte) (int, error) {
	if g.shut {
		return 0, shut{}
	}
	return g.Conn.Read(p)
}

// drained reports that TLS has nothing left for k. Plain HTTP has no gate, and nothing to hold back.
func (g *gate) drained(k *conn) bool {
	if g == nil {
		return true
	}
	g.shut, k.left = true, 1
	_, err := k.r.Peek(1)
	g.shut = false
	return err == shut{}
}

// shut is the error of a shut gate. It is temporary, since TLS gives a connection up after any other.
type shut struct{}

func (shut) Error() string   { return "nothing is read from an idle connection" }
func (shut) Timeout() bool   { return true }
func (shut) Temporary() bool { return true }

// socket looks at what the kernel holds of a connection, without taking it.
type socket struct {
	raw  syscall.RawConn // nil where there is no descriptor to look at
	look func(fd uintptr)
	err  error // of the last look
}

func newSocket(c net.Conn) *socket {
	s := &socket{}
	if has, ok := c.(syscall.Conn); ok {
		s.raw, _ = has.SyscallConn()
	}
	one := make([]byte, 1)
	s.look = func(fd uintptr) {
		_, _, s.err = unix.Recvfrom(int(fd), one, unix.MSG_PEEK|unix.MSG_DONTWAIT)
	}
	return s
}

// silent reports that there is nothing to read, not even an end.
func (s *socket) silent() bool {
	if s.raw == nil {
		return true
	}
	return s.raw.Control(s.look) == nil && s.err == unix.EAGAIN
}
