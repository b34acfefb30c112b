package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"exeat/policy"
)

// violation says how a byte stream stopped being one unambiguous sequence of HTTP/1 requests.
type violation struct {
	Status int
	Reason string
	Method string // of the request, as far as it is known
	Target string
	HTTP2  bool // the client speaks HTTP/2 and would not understand an HTTP/1 answer
}

func (v *violation) Error() string { return v.Reason }

// bad makes a violation of the usual status.
func bad(format string, args ...any) *violation {
	return &violation{Status: http.StatusBadRequest, Reason: fmt.Sprintf(format, args...)}
}

// tooLarge makes a violation of a bound on heads or trailers.
func tooLarge(format string, args ...any) *violation {
	return &violation{Status: http.StatusRequestHeaderFieldsTooLarge, Reason: fmt.Sprintf(format, args...)}
}

// malformed refuses a request for what err says of it, with the status that a violation names.
func malformed(err error) *refusal {
	status := http.StatusBadRequest
	if v, ok := errors.AsType[*violation](err); ok {
		status = v.Status
	}
	return refuse(status, policy.CodeMalformed, err.Error())
}

// recordMalformed records that a client's bytes were no request, and returns what it is told.
func (s *Server) recordMalformed(c *clientConn, v *violation) *refusal {
	if r := s.refusedUnread(c, v); r != nil {
		return r
	}
	f := c.where()
	f.judged.Store(true)
	r := &refusal{status: v.Status, decision: v.decision()}
	e := f.event(r.decision, s.cfg.Snapshot().Revision)
	e.Method, e.Target, e.Status = v.Method, v.Target, v.Status
	var err error
	if r.id, err = s.record(e); err != nil {
		return unrecorded()
	}
	return r
}

// refusedUnread is for a program that says no request to where it may not go at all, which a policy can change: what
// SMTP or memcached begin with looks like HTTP with a mistake in it.
func (s *Server) refusedUnread(c *clientConn, v *violation) *refusal {
	if c.flow == nil || c.flow.judged.Load() || v.HTTP2 {
		return nil
	}
	r := s.recordUnused(c.flow)
	if r != nil && r.id == 0 {
		return unrecorded()
	}
	return r
}

func (v *violation) decision() policy.Decision {
	code := policy.CodeMalformed
	if v.HTTP2 {
		code = policy.CodeProtocol
	}
	return policy.Decision{Verdict: policy.Denied, Code: code, Layer: "l7", Protocol: policy.REST, Policy: "-", Reason: v.Reason}
}

// refuseMalformed answers bytes that were no request and ends the connection.
func (s *Server) refuseMalformed(c *clientConn, v *violation) {
	r := s.recordMalformed(c, v)
	answer := rawRefusal(r.status, r.phrase(), r.header(), s.denial(c.where(), r, oneLine(v.Method), oneLine(v.Target)))
	if v.HTTP2 {
		answer = http2Refusal(r.phrase() + ": " + v.Reason)
	}
	if _, err := c.Conn.Write(answer); err == nil {
		linger(c.Conn)
	}
}

// http2Refusal is an answer for a client that begins with HTTP/2 where that cannot be: an empty SETTINGS frame, then
// GOAWAY with HTTP_1_1_REQUIRED and the reason (RFC 9113 6.5, 6.8). It says of every stream that it was processed: those
// that were not, a client of gRPC would send again at once, and for ever.
func http2Refusal(reason string) []byte {
	frame := []byte{0, 0, 0, 4, 0, 0, 0, 0, 0}
	n := 8 + len(reason)
	frame = append(frame, byte(n>>16), byte(n>>8), byte(n), 7, 0, 0, 0, 0, 0)
	frame = append(frame, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0xd)
	return append(frame, reason...)
}

// rawRefusal is a whole HTTP/1.1 answer that ends its connection.
func rawRefusal(status int, phrase string, header http.Header, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, phrase)
	_ = header.Write(&b)
	fmt.Fprintf(&b, "Content-Length: %d\r\nConnection: close\r\n\r\n", len(body))
	b.Write(body)
	return b.Bytes()
}
