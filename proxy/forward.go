package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"

	"github.com/elazarl/goproxy"
)

// forwarder sends a decided request out and copies the answer back.
type forwarder interface {
	ServeHTTP(w http.ResponseWriter, r *http.Request)
}

// ticketKey is the context key of a *ticket.
type ticketKey struct{}

// ticket is the proof that a request was decided, and what exactly was decided. It travels in the
// request's context, which nothing on the wire can reach.
type ticket struct {
	method    string
	url       url.URL // absolute, as sent
	host      string
	port      int
	authority string       // host:port
	addresses []netip.Addr // checked
	dials     atomic.Int32 // connections that were made for it
	pool      pool         // of connections to the origin
	// broken says why the client's side cannot be trusted any more, or nil.
	broken func() error
	// kept waits until the record allows an answer; nil where it does already.
	kept func() error
	// began is called when an answer has begun; nil where nobody wants to know.
	began func()
	// revoked reports that the policy took back what it had granted.
	revoked func() bool
	// mask takes secrets from an answer, and maskTrailer from what follows its body; nil where there can be none.
	mask        func(resp *http.Response)
	maskTrailer func(h http.Header)
	// cutShort is set when the client leaves in the middle of its body.
	cutShort *atomic.Bool
	// failed answers instead of the upstream; it may not return nil.
	failed func(r *http.Request, err error) *http.Response

	in        atomic.Int64   // bytes of the answer's body
	out       atomic.Int64   // bytes of the request's body
	truncated atomic.Bool    // the answer's body ended in an error
	whole     atomic.Bool    // it ended well, and nobody had revoked it by then
	headOnly  bool           // the answer is its header; set before that is written
	resp      *http.Response // the answer
}

// newForwarder makes goproxy a pure forwarder: it sees absolute URLs only, never a CONNECT, a TLS
// handshake or a client connection. Its defaults fail open, so that each one is replaced or refused.
func newForwarder(u *upstream) forwarder {
	p := goproxy.NewProxyHttpServer()
	p.Tr = u.origins(pool{}).duplex
	p.ConnectDial = nil // its default reads HTTPS_PROXY
	p.KeepAcceptEncoding = true
	p.AllowHTTP2 = false
	p.Verbose = false
	p.Logger = silent{} // clients can trigger its warnings at will
	p.NonproxyHandler = http.NotFoundHandler()
	p.OnRequest().HandleConnect(goproxy.AlwaysReject) // its default is to tunnel anywhere
	p.OnRequest().DoFunc(func(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		t, ok := r.Context().Value(ticketKey{}).(*ticket)
		if !ok || t.method != r.Method || t.url != *r.URL {
			return r, goproxy.NewResponse(r, "text/plain", http.StatusForbidden, "no decision stands behind this request\n")
		}
		ctx.RoundTripper = goproxy.RoundTripperFunc(func(r *http.Request, _ *goproxy.ProxyCtx) (*http.Response, error) {
			return t.roundTrip(u.origins(t.pool), r), nil
		})
		return r, nil
	})
	return p
}

// roundTrip always has an answer: goproxy would show its clients the raw error of a failed one. Bodies
// are wrapped here and not in a response hook, where goproxy takes a new body as a reason to drop the
// Content-Length.
//
// A header that nothing follows must end its stream of HTTP/2, or the clients of gRPC take the status in
// it for the beginning of an answer and report a broken one (gRPC over HTTP/2, "Trailers-Only").
func (t *ticket) roundTrip(transport http.RoundTripper, r *http.Request) *http.Response {
	resp := t.ask(transport, r)
	t.headOnly = t.pool.http2 && resp.ContentLength == 0
	return resp
}

func (t *ticket) ask(transport http.RoundTripper, r *http.Request) *http.Response {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = upload{countedBody{ReadCloser: r.Body, count: &t.out}, t.cutShort}
	}
	resp, err := transport.RoundTrip(r)
	if err == nil && t.pool.http2 {
		resp.Body = unawaited{resp.Body}
	}
	if err == nil && (resp.StatusCode < http.StatusOK || resp.StatusCode > 999) {
		resp.Body.Close() // nobody asked to switch protocols: Upgrade is never forwarded; below 100 and above 999 nothing is defined
		err = fmt.Errorf("the origin's answer has the status %03d", resp.StatusCode)
	}
	if err == nil {
		if err = checkFields(resp); err != nil {
			resp.Body.Close()
		}
	}
	if err == nil {
		if err = t.broken(); err != nil {
			resp.Body.Close() // an answer to half a request, whose other half was malformed
		}
	}
	if err = t.settle(resp, err); err != nil {
		return t.failed(r, err)
	}
	t.clean(resp)
	if t.began != nil {
		t.began()
	}
	return resp
}

// maxFields bounds those of an answer's header: some hundred thousand bytes of short ones take megabytes for as long as the
// answer lasts.
const maxFields = 1000

func checkFields(resp *http.Response) error {
	n := 0
	for _, values := range resp.Header {
		n += len(values)
	}
	if n > maxFields {
		return fmt.Errorf("the origin's answer has %d header fields, more than %d", n, maxFields)
	}
	return nil
}

// settle drops an answer that may not be shown, because the use of a secret was not recorded.
func (t *ticket) settle(resp *http.Response, err error) error {
	if err != nil || t.kept == nil || t.kept() == nil {
		return err
	}
	resp.Body.Close()
	return errNotKept
}

// clean takes from an answer what an origin may not tell the client, and counts the rest.
func (t *ticket) clean(resp *http.Response) {
	dropHopByHop(resp.Header)    // goproxy takes "Upgrade: websocket" in any answer for a switch of protocols
	resp.Header.Del(denialField) // only ours are denials
	if t.mask != nil {
		t.mask(resp)
	}
	resp.Body = countedBody{ReadCloser: resp.Body, count: &t.in, answer: t}
	t.resp = resp
}

// cleanTrailer does for what follows a body what clean does for what stands before it.
func (t *ticket) cleanTrailer(h http.Header) {
	dropHopByHop(h)
	for _, name := range [...]string{denialField, "Alt-Svc"} {
		h.Del(name)
	}
	if t.maskTrailer != nil {
		t.maskTrailer(h)
	}
}

// ended notes how an answer's body did.
func (t *ticket) ended(err error) {
	t.cleanTrailer(t.resp.Trailer)
	switch {
	case !errors.Is(err, io.EOF):
		t.truncated.Store(true)
	case !t.revoked():
		t.whole.Store(true)
	}
}

// silent drops goproxy's messages.
type silent struct{}

func (silent) Printf(string, ...any) {}

func withTicket(ctx context.Context, t *ticket) context.Context {
	return context.WithValue(ctx, ticketKey{}, t)
}
