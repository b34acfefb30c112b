package proxy

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"exeat/policy"
	"exeat/proxy/rpc"
)

// A client shows its user what its own protocol calls an error. An HTTP status in its place is a broken
// transport to it, and it tries again.
const (
	speaksPlain   = ""
	speaksGRPC    = "grpc"
	speaksGraphQL = policy.GraphQL
	speaksRPC     = policy.JSONRPC
	speaksGit     = "git"
)

// voice is the protocol in which the client expects to be told why.
func (x *exchange) voice(r *refusal) string {
	switch {
	case x.isGRPC():
		return speaksGRPC
	case x.isGitAsking():
		return speaksGit
	case r.status != http.StatusForbidden && r.status != http.StatusBadRequest:
	case r.decision.Protocol == policy.GraphQL:
		return speaksGraphQL
	case (r.decision.Protocol == policy.MCP || r.decision.Protocol == policy.JSONRPC || x.read.heard) && x.awaited():
		return speaksRPC
	}
	return speaksPlain
}

// awaited reports that somebody waits for an answer to a call: also to one that could not be read, which has no other.
func (x *exchange) awaited() bool {
	return rpc.Awaited(x.read.calls) || len(x.read.calls) == 0 && x.r.Method == http.MethodPost
}

// isGRPC reports a call of gRPC itself; gRPC-Web is plain HTTP to its clients.
func (x *exchange) isGRPC() bool {
	kind := x.r.Header.Get("Content-Type")
	return strings.HasPrefix(kind, "application/grpc") && !strings.HasPrefix(kind, "application/grpc-web")
}

// isGitAsking reports git's first request of a fetch or a push. Of a refusal it shows what is plain text, and
// of any other only the number 403.
func (x *exchange) isGitAsking() bool {
	return x.r.Method == http.MethodGet && strings.HasPrefix(x.r.Header.Get("User-Agent"), "git/") &&
		strings.HasSuffix(x.r.URL.Path, "/info/refs")
}

// maxHeard bounds the body that is read to find out whom to answer, in bytes.
const maxHeard = 64 << 10

// hear reads the calls of an MCP client where the policy did not ask for them, as at a server that it does not
// know. Such a client takes a refused initialize for a server of an older kind, and tells its user that.
func (x *exchange) hear(r *refusal) {
	if r.status != http.StatusForbidden || x.read.calls != nil || !x.isMCPCalling() {
		return
	}
	if x.readBody(maxHeard) != nil || !x.read.whole {
		return
	}
	if calls, batch, err := rpc.Read(x.read.body); err == nil {
		x.read.calls, x.read.batch, x.read.heard = calls, batch, true
	}
}

// isMCPCalling tells by what every client must send (MCP, "Streamable HTTP") and by a body of known length.
func (x *exchange) isMCPCalling() bool {
	accepts := strings.Join(x.r.Header["Accept"], ",")
	return x.r.Method == http.MethodPost && 0 < x.r.ContentLength && x.r.ContentLength <= maxHeard &&
		strings.HasPrefix(x.r.Header.Get("Content-Type"), "application/json") &&
		strings.Contains(accepts, "application/json") && strings.Contains(accepts, "text/event-stream")
}

// status is what the answer's status line says: with an error of its own protocol in the body, all went well, unless the
// request was none.
func (x *exchange) status(r *refusal) int {
	switch voice := x.voice(r); {
	case voice == speaksPlain, voice == speaksGit, r.status == http.StatusBadRequest && voice != speaksGRPC:
		return r.status
	}
	return http.StatusOK
}

// say renders a refusal for this client.
func (x *exchange) say(r *refusal) (status int, header http.Header, body []byte) {
	body = x.server.denial(x.flow, r, x.r.Method, x.path())
	header, status = r.header(), x.status(r)
	switch x.voice(r) {
	case speaksGRPC:
		r.grpc(header)
		return status, header, nil
	case speaksGraphQL:
		body = x.graphQLError(r, body)
	case speaksGit:
		header.Set("Content-Type", "text/plain")
		body = []byte(r.sentence() + "\n" + strings.Join(x.server.nextSteps(r), "\n") + "\n")
	case speaksRPC:
		body = rpc.Denial(x.read.calls, x.read.batch, rpc.Refusal{
			ID: r.id, Error: string(r.decision.Code), Detail: r.shown().Reason, NextSteps: x.server.nextSteps(r),
		})
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return status, header, body
}

// sentence is the reason with the number by which more can be learned.
func (r *refusal) sentence() string {
	return r.phrase() + ": " + r.shown().Reason
}

// graphQLError is an answer without data (GraphQL, "Response format"); the denial is its extension.
//
// A persisted query that the policy does not know gets the message on which Apollo's clients send the whole document and
// no more ids.
func (x *exchange) graphQLError(r *refusal, denial []byte) []byte {
	message := r.sentence()
	if x.read.unknownID {
		message = "PersistedQueryNotSupported"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(map[string]any{"errors": []any{map[string]any{"message": message, "extensions": json.RawMessage(denial)}}})
	return b.Bytes()
}
