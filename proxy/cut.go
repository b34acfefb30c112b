package proxy

import (
	"fmt"
	"net/http"
	"time"

	"exeat/policy"
)

func (x *exchange) grant() *grant {
	return &grant{revision: x.revision, holds: x.holds, revoke: x.revoke, secrets: x.secrets, drop: x.drop, slow: x.read.light}
}

// register makes g one of those that a policy ends, or that end with a secret of theirs. What was detached since the secret
// was put in is made up for at once.
func (x *exchange) register(g *grant) {
	x.server.live.add(g, x.server.cfg.Snapshot)
	for _, provider := range g.secrets {
		if !x.server.cfg.Credentials.Lends(provider) {
			g.drop(detached(provider))
		}
	}
}

func detached(provider string) *refusal {
	return refuse(http.StatusForbidden, codeDetached,
		fmt.Sprintf("provider %q was detached from this sandbox, and with it what carried its secret", provider))
}

func (x *exchange) holds(snapshot Snapshot) bool {
	d, admission := x.judgeBy(snapshot)
	return d.Verdict != policy.Denied && x.server.upstream.checkAddresses(x.flow.host, x.addresses, admission.AllowedIPs) == nil
}

func (x *exchange) revoke(snapshot Snapshot) {
	x.revoked.Store(&snapshot)
	x.cancel()
}

// drop ends the exchange because a secret that it carries is lent no more.
func (x *exchange) drop(why *refusal) {
	x.ended.CompareAndSwap(nil, why.copy())
	x.cancel()
}

// recordCut records an answer that a policy ended on its way, where no other answer says so; nil where none did.
func (x *exchange) recordCut() *refusal {
	snapshot := x.revoked.Load()
	if snapshot == nil || x.ours {
		return nil
	}
	r := x.cutBy(*snapshot)
	x.fault = r.decision.Code
	e := x.ending(r.decision, x.answer.status)
	e.Revision = snapshot.Revision
	r.id, _ = x.server.record(e)
	return r
}

func (x *exchange) cutBy(snapshot Snapshot) *refusal {
	d, _ := x.judgeBy(snapshot)
	if d.Verdict != policy.Denied { // what it led to is denied
		d = policy.Decision{Verdict: policy.Denied, Code: policy.CodeAddress, Layer: "l7", Protocol: d.Protocol, Policy: d.Policy, By: d.By}
	}
	d.Reason = fmt.Sprintf("revision %d no longer allows this: it was cut off", snapshot.Revision)
	return denied(d)
}

// endCall ends a call of gRPC that was cut off with a status (gRPC over HTTP/2, "Responses"): a reset of its stream is a
// broken transport to its client.
func (x *exchange) endCall(r *refusal) bool {
	if r == nil || !x.isHTTP2() || !x.isGRPC() {
		return false
	}
	trailer := http.Header{}
	r.grpc(trailer)
	for _, name := range []string{"Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin"} {
		x.w.Header().Set(http.TrailerPrefix+name, trailer.Get(name))
	}
	return true
}

// recordCut records that a policy ended the connection, which began then.
func (t *tunnel) recordCut(began time.Time) {
	snapshot := t.revoked.Load()
	if snapshot == nil {
		return
	}
	e := t.flow.event(policy.Decision{
		Verdict: policy.Denied, Code: policy.CodePolicy, Layer: "l4", Protocol: "l4", Policy: "-",
		Reason: fmt.Sprintf("revision %d no longer allows this connection uninspected: it was closed", snapshot.Revision),
	}, t.server.cfg.Snapshot().Revision)
	e.Duration = e.Time.Sub(began)
	_, _ = t.server.record(e)
}
