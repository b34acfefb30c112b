package proxy

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"exeat/policy"
)

// forward records the decision, then sends the request out and the answer back.
func (x *exchange) forward() {
	var err error
	t := x.ticket()
	if x.id, t.kept, err = x.server.begin(x.event(x.decision, 0)); err != nil {
		x.write(unrecorded())
		return
	}
	x.answer = &responseWriter{ResponseWriter: x.w, buffers: x.server.buffers, headOnly: &t.headOnly}
	defer x.complete(t)
	if x.failure != nil {
		x.answer.status = x.writeFailure(x.failure)
		return
	}
	ctx, cancel := context.WithCancel(withTicket(x.r.Context(), t))
	defer cancel()
	x.cancel = cancel
	if x.request.Upgrade {
		x.upgrade(ctx, t)
		return
	}
	x.lighten()
	g := x.grant()
	x.register(g)
	defer x.server.live.remove(g)
	x.bothWays(ctx, t)
	x.server.forward.ServeHTTP(x.answer, x.outgoing(ctx))
	x.recordEnd()
	if x.brokeOff(t) {
		if x.endCall(x.recordCut()) {
			return
		}
		// The answer broke off. Ending it properly would make half a file look like a whole one.
		panic(http.ErrAbortHandler)
	}
	if x.ours {
		x.drainUnread()
	}
}

// bothWays lets an answer be sent while the request's body still comes.
func (x *exchange) bothWays(ctx context.Context, t *ticket) {
	switch {
	case x.r.ContentLength == 0:
	case x.isHTTP2(): // net/http's transport does not notice that ctx is over while it waits for more of the body
		t.began = func() { context.AfterFunc(ctx, func() { x.r.Body.Close() }) }
	default: // without this net/http reads the whole upload before it sends an answer that came early
		_ = http.NewResponseController(x.w).EnableFullDuplex()
	}
}

func (x *exchange) ticket() *ticket {
	t := &ticket{
		method: x.r.Method, url: *x.target,
		host: x.flow.host, port: x.flow.port, authority: x.target.Host,
		addresses: x.addresses, pool: x.pool(),
		broken: connOf(x.r).err, revoked: func() bool { return x.revoked.Load() != nil },
		failed: x.failed, cutShort: &x.cutShort,
	}
	if x.masked {
		t.mask, t.maskTrailer = x.mask, x.server.cfg.Credentials.MaskHeader
	}
	return t
}

// pool is that of connections which may carry the request.
func (x *exchange) pool() pool {
	p := pool{http2: x.isHTTP2(), opened: x.opened, secrets: strings.Join(x.secrets, ",")}
	p.clear = p.http2 && !x.flow.secure
	p.narrow = p.http2 && x.server.served.Load() > manyStreams
	return p
}

// judgeBy asks another policy about the same request.
func (x *exchange) judgeBy(snapshot Snapshot) (policy.Decision, policy.Admission) {
	admission := snapshot.Engine.Connect(x.flow.destination())
	return admission.Request(x.asking(&admission)), admission
}

// refuse records why the request is not forwarded, then says so.
func (x *exchange) refuse(r *refusal) {
	if r.id != 0 { // it is in the record, as what the whole connection was refused for
		x.write(r)
		return
	}
	x.hear(r)
	push := x.refusedPush(r)
	if push.probe && r.decision.Code == policy.CodePolicy && r.decision.Layer == "l7" {
		x.writePushResult(nil) // what git sends next is refused, and recorded, with its refs
		return
	}
	r = r.copy()
	if push.reportable() {
		r.status = http.StatusOK
	}
	var err error
	r.id, err = x.server.record(x.event(r.decision, x.status(r)))
	switch {
	case err != nil:
		x.write(unrecorded())
	case push.reportable():
		x.refusePush(push, r)
	case push.probe && r.decision.Code == policy.CodeDenyRule:
		x.writePushResult(nil)
	default:
		x.write(r)
	}
}

// refusedPush are the commands of a push that the policy refuses, or none.
func (x *exchange) refusedPush(r *refusal) *pushCommands {
	if !x.isPush() || r.status != http.StatusForbidden {
		return &pushCommands{}
	}
	return x.commands()
}

// commands are those of the push, read now if the policy did not want to know.
func (x *exchange) commands() *pushCommands {
	if x.read.push == nil {
		x.read.push = x.readPush(x.r.Body)
	}
	return x.read.push
}

// copy keeps a refusal that answers many requests of one connection from being given one's record.
func (r *refusal) copy() *refusal {
	c := *r
	return &c
}

// write sends a refusal and then reads on: a client that only looks for an answer when its upload is
// through would be cut off, and tell its user of a broken connection instead of the reason.
func (x *exchange) write(r *refusal) {
	status, header, body := x.say(r)
	h := x.w.Header()
	maps.Copy(h, header)
	unread := x.r.ContentLength != 0
	if !x.isHTTP2() && (unread || r.status == http.StatusBadRequest) {
		h.Set("Connection", "close")
	}
	connOf(x.r).setPhrase(status, r.phrase())
	_ = http.NewResponseController(x.w).EnableFullDuplex() // answer first, drain after
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body)
	x.forgetHead()
	x.drainUnread()
}

func (x *exchange) writeFailure(err error) int {
	r := x.explain(err)
	x.write(r)
	return r.status
}

// path is what may be shown of the request's target: as judged, else as it came, without the query.
func (x *exchange) path() string {
	if x.request.Path != "" {
		return x.request.Path
	}
	return oneLine(x.r.URL.Path)
}
