package proxy

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"exeat/policy"
	"exeat/proxy/credential"
	"exeat/proxy/graphql"
	"exeat/proxy/websocket"
)

// messageJudge reads each message where the policy asks for it. Where it does not, all messages are
// alike: they pass unread, or none does. Those that are only audited are recorded one by one.
func (x *exchange) messageJudge() websocket.Judge {
	if !x.read.reads.Messages && !x.fillsMessages() && x.messageBy(x.server.cfg.Snapshot()).Verdict == policy.Allowed {
		return nil
	}
	return x.judgeMessage
}

// judgeMessage decides about one message of the client by the policy in force at that moment.
func (x *exchange) judgeMessage(kind websocket.Kind, message []byte) ([]byte, *websocket.Close) {
	request := x.request
	request.Actions, request.Unread = nil, nil
	snapshot := x.server.cfg.Snapshot()
	admission := snapshot.Engine.Connect(x.flow.destination())
	if reads := admission.Reads(x.request); reads.Messages {
		operations, err := readMessage(kind, message, registered(reads.Registered))
		if err != nil {
			request.Unread = map[string]string{policy.GraphQL: err.Error()}
		}
		request.Actions = operationActions(operations)
	}
	d := admission.Message(request)
	if d.Verdict == policy.Allowed && len(request.Actions) == 0 { // plumbing, or nobody asks what is in it
		return x.fillMessage(kind, message)
	}
	if end := x.keepMessage(x.messageEvent(d, snapshot.Revision, request.Actions), d); end != nil {
		end.Last = graphql.ErrorMessage(x.subprotocol, message, end.Reason)
		return nil, end
	}
	return x.fillMessage(kind, message)
}

func readMessage(kind websocket.Kind, message []byte, known graphql.Registry) ([]graphql.Operation, error) {
	if kind != websocket.Text {
		return nil, errors.New("GraphQL messages are text, and this one is binary")
	}
	return graphql.Message(message, known)
}

// messageBy is what a policy says of every message where it looks into none.
func (x *exchange) messageBy(snapshot Snapshot) policy.Decision {
	admission := snapshot.Engine.Connect(x.flow.destination())
	return admission.Message(x.request)
}

// messageEvent is the record of one message.
func (x *exchange) messageEvent(d policy.Decision, revision int, actions []policy.Action) Event {
	e := x.flow.event(d, revision)
	e.Method, e.Target = policy.SocketText, x.request.Path
	if e.Reason == "" {
		e.Reason = asked(actions)
	}
	return e
}

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
	reason := notFilled
	if x.fillsMessages() && kind == websocket.Text {
		filled, used, err := secrets.Body(x.flow.authority(true)+x.request.Path, x.flow.secure, "text/plain", message)
		if err == nil {
			return filled, x.recordMessage(policy.Decision{Verdict: policy.Allowed, Layer: "l7", Protocol: x.decision.Protocol, Policy: x.decision.Policy}, used)
		}
		reason = err.Error()
	}
	return nil, x.recordMessage(refuse(http.StatusForbidden, policy.CodeCredential, reason).decision, nil)
}

const notFilled = "a message carries a credential, and the policy does not say that it is put into messages"

// watchMessages looks at messages that nobody judges: one that carries a placeholder ends the connection.
func (x *exchange) watchMessages() websocket.Filter {
	secrets := x.server.cfg.Credentials
	if secrets == nil {
		return nil
	}
	end := func(error) error {
		return x.recordMessage(refuse(http.StatusForbidden, policy.CodeCredential, notFilled).decision, nil)
	}
	return func(r io.Reader) io.Reader { return noticed[*credential.Misuse]{secrets.Watch(r), end} }
}

// maskMessages takes secrets from what the origin says, as mask does from answers.
func (x *exchange) maskMessages() websocket.Filter {
	if !x.masked {
		return nil
	}
	return func(r io.Reader) io.Reader { return x.server.cfg.Credentials.Mask(io.NopCloser(r)) }
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

const unrecordedMessage = "exeat cannot record the decision, so nothing is let through"
