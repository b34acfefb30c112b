package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"exeat/policy"
	"exeat/proxy/graphql"
	"exeat/proxy/rpc"
)

// inspection is what was read of a request's body to judge it. What was read is sent out unchanged.
type inspection struct {
	reads policy.Reads
	body  []byte // the whole of it, if read
	whole bool   // read to its end
	long  bool   // it is longer than may be read
	push  *pushCommands
	calls []rpc.Call
	batch bool
	light bool // the calls were let go of, see lighten
	heard bool // the calls were read to answer them, and not to judge them

	unknownID bool // it asks for a persisted query that is not registered
}

// inspect reads what the policy wants to know of the body and puts it into the request that is judged.
// A body that cannot be understood is no refusal yet: the policy may not ask for it.
func (x *exchange) inspect(reads policy.Reads) *refusal {
	x.read.reads = reads
	x.request.Actions, x.request.Unread = nil, nil
	if reads.Git {
		x.inspectPush()
	}
	if !reads.GraphQL && !reads.MCP && !reads.JSONRPC {
		if reads.RewriteBody && x.r.ContentLength != 0 && x.server.cfg.Credentials != nil {
			return x.readBody(maxFilled)
		}
		return nil
	}
	if x.r.Method == http.MethodPost {
		if r := x.readBody(reads.Limit); r != nil {
			return r
		}
	}
	if reads.GraphQL {
		x.inspectGraphQL()
	}
	if reads.JSONRPC || reads.MCP {
		x.inspectCalls()
	}
	return nil
}

// readBody holds the body until it is judged: what an origin has seen cannot be taken back.
func (x *exchange) readBody(limit int64) *refusal {
	if x.read.whole || x.read.long {
		return nil
	}
	controller := http.NewResponseController(x.w)
	_ = controller.SetReadDeadline(time.Now().Add(x.server.limits.body))
	defer func() { _ = controller.SetReadDeadline(time.Time{}) }()
	rest := x.r.Body
	limit = min(limit, x.server.limits.heldBytes/2) // else one request could take all there is
	body, err := io.ReadAll(io.LimitReader(held{rest, x}, limit+1))
	x.r.Body = replayed{io.MultiReader(bytes.NewReader(body), rest), rest}
	switch {
	case errors.Is(err, errBusy):
		return busy()
	case err != nil:
		return x.brokenBody(err)
	case int64(len(body)) > limit:
		x.read.long = true
		return nil
	}
	x.read.body, x.read.whole = body, true
	x.r.ContentLength, x.r.TransferEncoding = int64(len(body)), nil // one length, whatever the client's framing was
	return nil
}

// replayed is a body of which some was read before.
type replayed struct {
	io.Reader
	io.Closer
}

func (x *exchange) brokenBody(err error) *refusal {
	if v := connOf(x.r).claim(); v != nil {
		return malformed(v)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return refuse(http.StatusRequestTimeout, policy.CodeMalformed, "the request's body did not come in time to be read")
	}
	return refuse(http.StatusBadRequest, policy.CodeMalformed, "the request's body ended early")
}

func (x *exchange) inspectGraphQL() {
	var operations []graphql.Operation
	var err error
	known := registered(x.read.reads.Registered)
	if x.r.Method == http.MethodGet || x.r.Method == http.MethodPost { // some servers prefer the URL to the body
		operations, err = graphql.FromQuery(x.request.Query, known)
	}
	if x.r.Method == http.MethodGet && err == nil {
		err = x.bodiless()
	}
	if x.r.Method == http.MethodPost && err == nil {
		var more []graphql.Operation
		if err = x.unreadable(); err == nil {
			more, err = graphql.FromBody(x.r.Header.Get("Content-Type"), x.read.body, known)
		}
		operations = append(operations, more...)
	}
	x.read.unknownID = errors.Is(err, graphql.ErrNotRegistered)
	x.found(policy.GraphQL, operationActions(operations), err)
}

// found adds what was read in one protocol, or why nothing was.
func (x *exchange) found(protocol string, actions []policy.Action, err error) {
	if err != nil {
		if x.request.Unread == nil {
			x.request.Unread = map[string]string{}
		}
		x.request.Unread[protocol] = err.Error()
		return
	}
	x.request.Actions = append(x.request.Actions, actions...)
}

func registered(actions map[string]policy.Action) graphql.Registry {
	out := graphql.Registry{}
	for id, a := range actions {
		out[id] = graphql.Operation{Type: a.Kind, Name: a.Name, Fields: a.Fields}
	}
	return out
}

func operationActions(operations []graphql.Operation) []policy.Action {
	var actions []policy.Action
	for _, o := range operations {
		actions = append(actions, policy.Action{Protocol: policy.GraphQL, Kind: o.Type, Name: o.Name, Fields: o.Fields})
	}
	return actions
}
