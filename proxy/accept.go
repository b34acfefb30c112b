package proxy

import "time"

// warn says once a minute that connections fail: the sandbox decides how often it tries. It needs mu.
func (s *Server) warn(message string, fields ...any) {
	if time.Since(s.warned) > time.Minute {
		s.warned = time.Now()
		s.cfg.Logger.Warn(message, fields...)
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
