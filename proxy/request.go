package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"exeat/policy"
	"exeat/proxy/websocket"
)

// exchange is one request and its answer.
type exchange struct {
	server *Server
	flow   *flow
	w      http.ResponseWriter
	r      *http.Request
	came   io.ReadCloser // its body without what looks through it, which two readers would break: a transport may read on beside us
	began  time.Time

	revision    int
	request     policy.Request          // as judged, and as sent
	target      *url.URL                // as sent
	decision    policy.Decision         // of the policy, allowed
	addresses   []netip.Addr            // checked
	opened      string                  // networks in which they may be, beside public ones
	failure     error                   // why they could not be found
	secrets     []string                // providers whose credentials were put in
	masked      bool                    // its answer is looked through for secrets
	read        inspection              // of the body
	subprotocol string                  // of a WebSocket, as the origin chose it
	held        int64                   // bytes reserved for it, and for the answer's
	ended       atomic.Pointer[refusal] // why the body was ended: a placeholder where it must not go, or a method that is denied
	id          int64                   // of the record

	cancel  context.CancelFunc
	revoked atomic.Pointer[Snapshot] // the policy that ended this exchange
	ours    bool                     // the answer is ours, not the origin's
	fault   policy.Code              // why it is, or why the origin's is not whole
	answer  *responseWriter

	cutShort atomic.Bool // the client left in the middle of its body
}

// serve judges one request by the policy in force now, and answers or forwards it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, f *flow) {
	f.judged.Store(true)
	x := &exchange{server: s, flow: f, w: w, r: r, came: r.Body, began: time.Now()}
	defer x.letGo()
	defer x.recovered()
	if refusal := x.judge(); refusal != nil {
		x.refuse(refusal)
		return
	}
	x.forward()
}

// judge returns why the request is not forwarded, or nil. The order matters twice: what cannot be
// read is not judged, and what the policy denies is told so before anything else is looked at.
func (x *exchange) judge() *refusal {
	snapshot := x.server.cfg.Snapshot()
	x.revision = snapshot.Revision
	for _, step := range []func() *refusal{
		x.holdHead,
		func() *refusal { return x.flow.verdict },
		x.checkAuthority,
		x.dropNominated,
		x.checkMethod,
		x.readTarget,
		func() *refusal { return x.decide(snapshot) },
		x.checkProtocol,
	} {
		if r := step(); r != nil {
			return r
		}
	}
	if r := x.addCredentials(); r != nil {
		return r
	}
	return x.watchBody()
}

// checkMethod refuses methods that are not what they seem.
func (x *exchange) checkMethod() *refusal {
	switch m := x.r.Method; {
	case m != strings.ToUpper(m):
		return refuse(http.StatusBadRequest, policy.CodeMalformed, "the method is not in upper case: servers disagree on what it means")
	case m == http.MethodTrace, m == "TRACK":
		// The origin would echo the request, with the credentials that were put in, back to the sandbox.
		return refuse(http.StatusForbidden, policy.CodeProtocol, m+" is never forwarded")
	}
	return nil
}

// offersH2C is what Java's client puts into every plain request. It is an offer that a server may pass over
// (RFC 9110 7.8), and the origin never hears of it: cleanRequest takes it out.
const offersH2C = "h2c"

// checkProtocol refuses what would stop being HTTP/1.1 requests once it is let through.
func (x *exchange) checkProtocol() *refusal {
	if x.request.Upgrade {
		if err := websocket.Prepare(x.r); err != nil {
			return refuse(http.StatusBadRequest, policy.CodeMalformed, err.Error())
		}
	} else if upgrade := strings.Join(x.r.Header["Upgrade"], ", "); upgrade != "" && !strings.EqualFold(upgrade, offersH2C) {
		return refuse(http.StatusForbidden, policy.CodeProtocol, fmt.Sprintf("upgrading to %s cannot be inspected", oneLine(upgrade)))
	}
	if !x.flow.secure && x.flow.port == 443 {
		return refuse(http.StatusForbidden, policy.CodeProtocol, "plain HTTP on port 443: use https")
	}
	return nil
}

// decide asks the policy.
func (x *exchange) decide(snapshot Snapshot) *refusal {
	admission, r := x.readFor(snapshot)
	if r != nil {
		return r
	}
	x.decision = admission.Request(x.request)
	if x.decision.Verdict == policy.Denied {
		return x.judged(x.decision)
	}
	if r := x.checkDestination(&admission); r != nil {
		return r
	}
	var err error
	var forbidden *addressError
	x.addresses, err = x.server.upstream.resolve(x.r.Context(), x.flow.host, admission.AllowedIPs)
	if errors.As(err, &forbidden) {
		return addressRefusal(forbidden, x.decision, "l7")
	}
	x.failure = err
	for _, prefix := range admission.AllowedIPs {
		x.opened += prefix.String() + " "
	}
	return nil
}

// readFor reads what the policy in force asks for. A body can come slowly; one that was read under a
// policy that is not in force any more is looked at again, since no request is judged by an older one.
func (x *exchange) readFor(snapshot Snapshot) (policy.Admission, *refusal) {
	for {
		x.revision = snapshot.Revision
		admission := snapshot.Engine.Connect(x.flow.destination())
		if r := x.inspect(admission.Reads(x.request)); r != nil {
			return admission, r
		}
		now := x.server.cfg.Snapshot()
		if now.Revision == snapshot.Revision {
			return admission, nil
		}
		snapshot = now
	}
}

// event is the record of this exchange as it begins.
func (x *exchange) event(d policy.Decision, status int) Event {
	e := x.flow.event(d, x.revision)
	e.Time, e.Method, e.Target, e.Status = x.began, x.r.Method, x.request.Path, status
	if e.Target == "" {
		e.Target = x.r.RequestURI
	} else if x.request.Query != "" {
		e.Target += "?" + x.request.Query
	}
	e.Credential = strings.Join(x.secrets, ",")
	if e.Reason == "" {
		e.Reason = asked(x.request.Actions)
	}
	return e
}

// recovered turns a panic into an answer where there is none yet, and never lets it pass for a
// complete one.
func (x *exchange) recovered() {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	x.server.cfg.Logger.Error("panic in a request", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	if x.answer != nil && x.answer.status != 0 {
		panic(http.ErrAbortHandler)
	}
	r := refuse(http.StatusInternalServerError, codeInternal, "exeat failed while handling this request")
	r.id = -1
	x.write(r)
}
