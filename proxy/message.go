package proxy

import (
	"net/http"
	"strings"

	"exeat/policy"
	"exeat/proxy/websocket"
)

// fillsMessages reports that placeholders in messages are to be exchanged.
func (x *exchange) fillsMessages() bool {
	return x.read.reads.RewriteMessages && x.server.cfg.Credentials != nil
}

// fillMessage puts secrets into a text message where the policy asks for it. A message that is read and
// carries a placeholder elsewhere ends the connection.
func (x *exchange) fillMessage(kind websocket.Kind, message []byte) ([]byte, *websocket.Close) {
	secrets := x.server.cfg.Credentials
	if secrets == nil || !secrets.Carries(message) {
		return message, nil
	}
	reason := "a message carries a credential, and the policy does not say that it is put into messages"
	if x.fillsMessages() && kind == websocket.Text {
		filled, used, err := secrets.Body(x.flow.authority(true)+x.request.Path, x.flow.secure, "text/plain", message)
		if err == nil {
			return filled, x.recordMessage(policy.Decision{Verdict: policy.Allowed, Layer: "l7", Protocol: x.decision.Protocol, Policy: x.decision.Policy}, used)
		}
		reason = err.Error()
	}
	return nil, x.recordMessage(refuse(http.StatusForbidden, policy.CodeCredential, reason).decision, nil)
}

// recordMessage keeps what became of a message because of a credential.
func (x *exchange) recordMessage(d policy.Decision, used []string) *websocket.Close {
	e := x.messageEvent(d, x.server.cfg.Snapshot().Revision, nil)
	e.Credential = strings.Join(used, ",")
	return x.keepMessage(e, d)
}

// keepMessage records what was decided about a message, and closes where it may not pass.
func (x *exchange) keepMessage(e Event, d policy.Decision) *websocket.Close {
	id, err := x.server.record(e)
	switch {
	case err != nil:
		return &websocket.Close{Code: closePolicy, Reason: unrecordedMessage}
	case d.Verdict == policy.Denied:
		r := refusal{decision: d, id: id}
		return &websocket.Close{Code: closePolicy, Reason: r.sentence()}
	}
	return nil
}
