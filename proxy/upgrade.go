package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"

	"exeat/policy"
	"exeat/proxy/websocket"
)

// asksForSocket reports a request to become a WebSocket (RFC 6455 4.1). Whether it is a valid one is
// checked when it is allowed.
func asksForSocket(r *http.Request) bool {
	return r.ProtoMajor == 1 && strings.EqualFold(strings.Join(r.Header["Upgrade"], ", "), "websocket")
}

// upgrade sends the request out, and carries what the two ends say when the origin agrees to switch.
func (x *exchange) upgrade(ctx context.Context, t *ticket) {
	out := x.outgoing(ctx)
	g := x.grant() // until the protocol is switched it is a request like any other
	x.register(g)
	defer x.server.live.remove(g)
	resp, err := x.server.upstream.origins(t.pool).RoundTrip(out)
	err = t.settle(resp, err)
	if err == nil && resp.StatusCode < http.StatusOK {
		if err = websocket.Check(out.Header, resp); err != nil {
			resp.Body.Close()
		}
	}
	switch {
	case err != nil:
		x.answer.status = x.writeFailure(err)
	case resp.StatusCode != http.StatusSwitchingProtocols:
		x.copyAnswer(resp, t)
	default:
		x.answer.status = resp.StatusCode
		x.server.live.remove(g)
		x.carrySocket(ctx, resp, t)
	}
}

// copyAnswer passes on what an origin says instead of switching, as of any request: it may be long, and break off.
func (x *exchange) copyAnswer(resp *http.Response, t *ticket) {
	t.clean(resp)
	defer resp.Body.Close()
	maps.Copy(x.answer.Header(), resp.Header)
	x.answer.WriteHeader(resp.StatusCode)
	_, _ = x.answer.ReadFrom(resp.Body)
	if x.brokeOff(t) {
		x.recordCut()
		panic(http.ErrAbortHandler)
	}
}

// carrySocket relays frames until both ends have closed, or a policy takes the grant back.
func (x *exchange) carrySocket(ctx context.Context, resp *http.Response, t *ticket) {
	client, err := x.switchClient(resp)
	if err != nil {
		resp.Body.Close()
		x.server.cfg.Logger.Debug("switch a client to WebSocket", "error", err)
		return
	}
	x.subprotocol = resp.Header.Get("Sec-Websocket-Protocol")
	judge := x.messageJudge()
	relay := &websocket.Relay{
		Client: client, Origin: resp.Body.(io.ReadWriteCloser), // documented for 101, see http.Response.Body
		Judge: judge, Outward: x.watchMessages(), Inward: x.maskMessages(), MaxMessage: int(min(x.read.reads.Limit, maxMessage)),
		Room: x, In: &t.in, Out: &t.out, Buffers: x.server.buffers,
	}
	g := x.grant()
	g.holds = func(s Snapshot) bool { return x.holdsSocket(s, judge != nil) }
	g.revoke = func(s Snapshot) {
		x.revoked.Store(&s)
		relay.End(websocket.Close{Code: closeRestart, Reason: fmt.Sprintf("revision %d of the policy no longer allows this", s.Revision)})
	}
	g.drop = func(why *refusal) {
		x.ended.CompareAndSwap(nil, why.copy())
		relay.End(websocket.Close{Code: closeRestart, Reason: why.decision.Reason})
	}
	x.register(g)
	defer x.server.live.remove(g)
	err = relay.Run(ctx)
	x.recordCut()
	x.recordEnd()
	x.recordUnjudged(err)
	if err != nil {
		x.server.cfg.Logger.Debug("a WebSocket ended", "host", x.flow.host, "error", err)
	}
}

// recordUnjudged records a message that was too long to be judged, and ended the connection unseen by any judge.
func (x *exchange) recordUnjudged(err error) {
	if c, ok := errors.AsType[*websocket.Close](err); ok && c.Code == closeTooBig {
		d := refuse(0, policy.CodeMalformed, c.Reason+", and cannot be judged").decision
		_, _ = x.server.record(x.messageEvent(d, x.server.cfg.Snapshot().Revision, nil))
	}
}

// maxMessage bounds a message that is judged where the policy names no bound, in bytes.
const maxMessage = 1 << 20

// Status codes of a closing WebSocket (RFC 6455 7.4.1 and the registry it began).
const (
	closePolicy  = 1008
	closeTooBig  = 1009
	closeRestart = 1012 // the grant was taken back; trying again asks the policy in force
)

// switchClient takes the client's connection over and tells it that the protocol switches.
func (x *exchange) switchClient(resp *http.Response) (io.ReadWriteCloser, error) {
	conn, err := takeOver(x.w)
	if err != nil {
		return nil, err
	}
	if err := connOf(x.r).err(); err != nil {
		conn.Close()
		return nil, err
	}
	dropHopByHop(resp.Header)
	resp.Header.Del(denialField)
	if x.masked {
		x.server.cfg.Credentials.MaskHeader(resp.Header)
	}
	w := bufio.NewWriter(conn)
	_, _ = io.WriteString(w, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
	_ = resp.Header.Write(w)
	_, _ = io.WriteString(w, "\r\n")
	if err := w.Flush(); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// holdsSocket reports whether a new policy would grant the same, and read as much of it. Where each message is judged, it
// is by the policy in force, whatever that says of it.
func (x *exchange) holdsSocket(snapshot Snapshot, judged bool) bool {
	admission := snapshot.Engine.Connect(x.flow.destination())
	if admission.Reads(x.request).Messages != x.read.reads.Messages || !x.holds(snapshot) {
		return false
	}
	return judged || x.messageBy(snapshot).Verdict != policy.Denied
}
