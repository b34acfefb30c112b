package http1

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// quiet reports that an idle connection neither ended nor said anything: what an origin says before it is asked
// would be taken for the answer to the next request (RFC 9112 9.2). It waits for nothing.
func (k *conn) quiet() bool { return k.drained() && k.socket.silent() }

// drained reports that no layer of TLS has anything left: with a deadline in the past each gives out what it has read
// from the one below, and the lowest reads no more of the socket. A KeyUpdate in there may ask TLS to write.
func (k *conn) drained() bool {
	if _, bare := k.outer.(syscall.Conn); bare {
		return true
	}
	k.left = 1
	_ = k.outer.SetReadDeadline(time.Unix(1, 0))
	_ = k.outer.SetWriteDeadline(time.Now().Add(early))
	_, err := k.r.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// socket looks at what the kernel holds of a connection, without taking it.
type socket struct {
	raw  syscall.RawConn
	look func(fd uintptr)
	err  error // of the last look
}

// socketOf finds the socket below any number of layers; nil if there is none.
func socketOf(c net.Conn) *socket {
	for {
		layer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		c = layer.NetConn()
	}
	has, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := has.SyscallConn()
	if err != nil {
		return nil
	}
	s, one := &socket{raw: raw}, make([]byte, 1)
	s.look = func(fd uintptr) {
		_, _, s.err = unix.Recvfrom(int(fd), one, unix.MSG_PEEK|unix.MSG_DONTWAIT)
	}
	return s
}

// silent reports that there is nothing to read, not even an end. What has no socket cannot be looked at.
func (s *socket) silent() bool {
	return s != nil && s.raw.Control(s.look) == nil && s.err == unix.EAGAIN
}
