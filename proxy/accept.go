package proxy

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// accept runs handle for each connection until the listener is closed. A temporary error, such as too
// many open files, must not end the sandbox's only way out.
func (s *Server) accept(l net.Listener, handle func(*socket)) error {
	if err := s.open(l); err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed) || s.ctx.Err() != nil:
			return http.ErrServerClosed
		case err != nil:
			s.rest(err)
			continue
		}
		if k, ok := s.admit(c); ok {
			go func() {
				defer s.work.Done()
				defer s.recovered(k)
				handle(k)
			}()
		}
	}
}

// open notes a listener, so that Close ends it.
func (s *Server) open(l net.Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		l.Close()
		return http.ErrServerClosed
	}
	s.listeners[l] = struct{}{}
	return nil
}

// admit takes an accepted connection into the books, or turns it away.
func (s *Server) admit(c net.Conn) (*socket, bool) {
	k := &socket{Conn: c}
	k.gone = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.sockets, k)
	}
	if !s.enter(k) {
		k.reset()
		return nil, false
	}
	return k, true
}

// enter counts a connection among the open ones, unless they are too many. It is work from then on: what began after
// Close has counted could outlive it, and a WaitGroup that grows while it is waited for may panic.
func (s *Server) enter(k *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if len(s.sockets) >= s.limits.connections {
		s.warn("connections are refused: too many are open", "limit", s.limits.connections)
		return false
	}
	s.sockets[k] = struct{}{}
	s.work.Add(1)
	return true
}

// recovered keeps a panic in one connection from ending all of them.
func (s *Server) recovered(k *socket) {
	if v := recover(); v != nil {
		s.cfg.Logger.Error("panic in a connection", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		k.reset()
	}
}

// rest waits until an error of accept may have passed.
func (s *Server) rest(err error) {
	s.mu.Lock()
	s.warn("a connection cannot be accepted", "error", err)
	s.mu.Unlock()
	select {
	case <-time.After(50 * time.Millisecond):
	case <-s.ctx.Done():
	}
}

// warn says once a minute that connections fail: the sandbox decides how often it tries. It needs mu.
func (s *Server) warn(message string, fields ...any) {
	if time.Since(s.warned) > time.Minute {
		s.warned = time.Now()
		s.cfg.Logger.Warn(message, fields...)
	}
}
