package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
)

// failed answers for an upstream that did not.
func (x *exchange) failed(r *http.Request, err error) *http.Response {
	x.answer.last = x.r.ContentLength != 0 && !x.isHTTP2()
	refusal := x.explain(err)
	status, header, body := x.say(refusal)
	connOf(x.r).setPhrase(status, refusal.phrase())
	return &http.Response{
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		StatusCode: status, Header: header,
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}
}

// explain says what is answered in the place of an origin, and remembers it for the record of the request.
func (x *exchange) explain(err error) *refusal {
	r := x.cause(err)
	x.ours, x.fault = true, r.decision.Code
	return r
}

// cause finds the reason behind a failed round trip: the policy changed, the client's body was malformed, the client
// has left, or the origin could not be reached.
func (x *exchange) cause(err error) *refusal {
	var r *refusal
	if errors.Is(err, errNotKept) {
		return withheld()
	} else if snapshot := x.revoked.Load(); snapshot != nil {
		d, _ := x.judgeBy(*snapshot)
		r = denied(d)
	} else if v := connOf(x.r).claim(); v != nil {
		r = malformed(v)
	} else if r = x.ended.Load(); r == nil && x.left() {
		return refuse(http.StatusBadGateway, codeClientGone, "the client hung up before there was an answer")
	} else if r == nil {
		return x.unreached(err)
	}
	var recordErr error
	if r.id, recordErr = x.server.record(x.ending(r.decision, x.status(r))); recordErr != nil {
		return unrecorded()
	}
	return r
}

// unreached says why the origin could not be reached, without the secrets that its answer may have repeated.
func (x *exchange) unreached(err error) *refusal {
	r := upstreamRefusal(x.flow, err)
	if x.isHTTP2() && !x.flow.secure && isOlder(err) {
		r.decision.Reason = "the client speaks HTTP/2 without TLS, which " + x.flow.authority(false) + " does not: tell the client to use HTTP/1.1"
	}
	r.sent = x.mayHaveArrived(err)
	if x.masked {
		text := http.Header{"Reason": {r.decision.Reason}}
		x.server.cfg.Credentials.MaskHeader(text)
		r.decision.Reason = text.Get("Reason")
	}
	return r
}

// mayHaveArrived reports that the origin may have done what it was asked for: there was a connection, and the method is one
// that changes things.
func (x *exchange) mayHaveArrived(err error) bool {
	switch x.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	op, ok := errors.AsType[*net.OpError](err)
	return hungUp(err) || isTimeout(err) && !(ok && op.Op == "dial")
}

// isOlder reports an origin that answers HTTP/2 with HTTP/1.1, or hangs up on it. net/http says that in words alone.
func isOlder(err error) bool {
	return strings.Contains(err.Error(), "looked like an HTTP/1.1 header") || strings.Contains(err.Error(), "http2: client conn could not be established")
}
