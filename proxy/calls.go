package proxy

import (
	"net/http"

	"exeat/policy"
	"exeat/proxy/rpc"
)

// inspectCalls reads the body as JSON-RPC for the endpoints of that protocol, and as MCP for those.
func (x *exchange) inspectCalls() {
	reads := x.read.reads
	if x.r.Method != http.MethodPost {
		if reads.MCP && (x.r.Method == http.MethodGet || x.r.Method == http.MethodDelete) {
			x.found(policy.MCP, nil, x.bodiless())
		}
		return
	}
	for _, protocol := range []string{policy.JSONRPC, policy.MCP} {
		if protocol == policy.MCP && !reads.MCP || protocol == policy.JSONRPC && !reads.JSONRPC {
			continue
		}
		err := x.unreadable()
		if err == nil {
			err = rpc.CheckType(x.r.Header.Get("Content-Type"))
		}
		if err == nil {
			x.read.calls, x.read.batch, err = x.readCalls(protocol)
		}
		x.found(protocol, callActions(protocol, x.read.calls), err)
	}
}

func (x *exchange) readCalls(protocol string) ([]rpc.Call, bool, error) {
	if protocol == policy.JSONRPC {
		return rpc.Read(x.read.body)
	}
	return rpc.ReadMCP(x.r.Header, x.read.body, rpc.Options{Versions: x.read.reads.Versions, StrictToolNames: x.read.reads.Tools})
}

func callActions(protocol string, calls []rpc.Call) []policy.Action {
	var actions []policy.Action
	for _, c := range calls {
		actions = append(actions, policy.Action{
			Protocol: protocol, Kind: c.Method, Name: c.Tool, Known: rpc.Known(c.Method), Param: c.Param, Unclear: c.Unclear,
		})
	}
	return actions
}

// lighten lets go of the calls' parameters while their answer is waited for: what 64 KiB are read into
// takes more than a megabyte, and a thousand slow answers are a sandbox's right.
func (x *exchange) lighten() {
	for i := range x.read.calls {
		x.read.calls[i], x.read.light = x.read.calls[i].Bare(), true
	}
	for i := range x.request.Actions {
		x.request.Actions[i].Param, x.request.Actions[i].Unclear = nil, nil
	}
}

// asking is the request as another policy has to judge it: with the parameters of its calls read again, which takes
// milliseconds, where its rules look at any.
func (x *exchange) asking(admission *policy.Admission) policy.Request {
	if !x.read.light || !admission.ReadsParameters() {
		return x.request
	}
	again := &exchange{server: x.server, r: x.r, request: x.request}
	again.read = inspection{reads: x.read.reads, body: x.read.body, whole: true}
	again.request.Actions = nil
	again.inspectCalls()
	return again.request
}
