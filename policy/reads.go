package policy

import (
	"slices"
	"strconv"
	"strings"
)

// Reads says what must be read of a request, beside its head, before it can be judged.
type Reads struct {
	GraphQL    bool              // its operations
	Registered map[string]Action // persisted GraphQL queries by hash or id, at every endpoint that may allow them
	JSONRPC    bool              // its calls
	MCP        bool              // its calls
	Versions   []string          // revisions of MCP that may be spoken; nil: all, empty: none
	Tools      bool              // MCP: tools have names of the recommended form only
	Git        bool              // the refs that a push changes
	Messages   bool              // after an upgrade, each text message is a GraphQL one

	Limit           int64 // bytes of a body or message that may be read; longer ones cannot be judged
	RewriteBody     bool  // placeholders of credentials are replaced in the body
	RewriteMessages bool  // and in text messages after an upgrade
}

// ReadLimit is how much of a body is read where the policy names no bound, in bytes. It is OpenShell's.
const ReadLimit = 64 << 10

// options are an endpoint's own bounds and choices.
type options struct {
	limit           int64
	registered      map[string]Action
	versions        []string
	strictTools     bool
	allMethods      bool // every method of the MCP specification is allowed
	callsByRule     bool // but calls of tools only where a rule allows them
	operations      bool // of a WebSocket: rules judge its messages as GraphQL operations
	rewriteBody     bool
	rewriteMessages bool
}

func newOptions(e *Endpoint) options {
	o := options{
		limit: ReadLimit, registered: map[string]Action{}, versions: e.Options["mcp.versions"],
		strictTools:     !e.flag("mcp.strict_tool_names", false),
		allMethods:      e.flag("mcp.allow_all_known_mcp_methods", true),
		callsByRule:     len(e.Rules) > 0,
		rewriteBody:     e.flag("request_body_credential_rewrite", true),
		rewriteMessages: e.flag("websocket_credential_rewrite", true),
	}
	for _, name := range []string{"graphql_max_body_bytes", "mcp.max_body_bytes", "json_rpc.max_body_bytes"} {
		if n, err := strconv.ParseInt(strings.Join(e.Options[name], ""), 10, 64); err == nil {
			o.limit = n
		}
	}
	for i := range e.Rules {
		o.operations = o.operations || e.Protocol == WebSocket && e.Rules[i].Options["operation_type"] != nil
	}
	o.register(e)
	return o
}

// flag reports that an option was written with this value.
func (e *Endpoint) flag(name string, value bool) bool {
	return slices.Equal(e.Options[name], []string{strconv.FormatBool(value)})
}

// register reads the persisted queries that the policy trusts.
func (o *options) register(e *Endpoint) {
	if !slices.Equal(e.Options["persisted_queries"], []string{"allow_registered"}) {
		return
	}
	const field = "graphql_persisted_queries."
	for name, values := range e.Options {
		rest, ok := strings.CutPrefix(name, field)
		i := strings.LastIndexByte(rest, '.')
		if !ok || i < 0 {
			continue
		}
		action := o.registered[rest[:i]]
		action.Protocol = GraphQL
		switch rest[i+1:] {
		case "operation_type":
			action.Kind = values[0]
		case "operation_name":
			action.Name = values[0]
		case "fields":
			action.Fields = values
		}
		o.registered[rest[:i]] = action
	}
}

// ReadsParameters reports that rules look at the parameters of calls: [Action].Param may be nil where none does.
func (a *Admission) ReadsParameters() bool {
	for _, parts := range []*parts{&a.parts, &a.shuns} {
		for i := range parts.n {
			if parts.at(i).parameters {
				return true
			}
		}
	}
	return false
}

// Reads tells the proxy what to read before it asks [Admission.Request]. Endpoints
// that only deny are among those that want something read.
func (a *Admission) Reads(r Request) Reads {
	out := Reads{Limit: 1 << 62}
	if !a.Inspect || a.Decision.Verdict == Denied || r.check() != nil {
		return out
	}
	j := judged{path: r.Path, query: r.Query, method: r.Method, bit: methodBit(r.Method), upgrade: r.Upgrade}
	for _, parts := range []*parts{&a.parts, &a.shuns} {
		for i := range parts.n {
			if e := parts.at(i); e.speaks(&j) || e.forbids(&j) {
				out.add(e, &j)
			}
		}
	}
	a.agree(&out, &j)
	return out
}

func (r *Reads) add(e *endpoint, j *judged) {
	o := &e.options
	r.RewriteBody = r.RewriteBody || o.rewriteBody
	r.RewriteMessages = r.RewriteMessages || o.rewriteMessages
	switch {
	case e.protocol == GraphQL:
		r.GraphQL = true
	case e.protocol == MCP:
		r.MCP, r.Tools = true, r.Tools || o.strictTools
	case e.protocol == JSONRPC:
		r.JSONRPC = true
	case e.protocol == WebSocket && e.judges() != "":
		r.Messages, r.GraphQL = true, r.GraphQL || j.upgrade // a server that does not switch answers the GET
	case e.speaksAs() == REST && j.isPush(): // also where no rule asks: what is missing can then be said
		r.Git = true
		return // bounded by the proxy
	default:
		return
	}
	r.Limit = min(r.Limit, o.limit)
}

// isPush reports the second half of a git push over HTTP (gitprotocol-http).
func (j *judged) isPush() bool {
	return j.bit == methodPost && strings.HasSuffix(j.path, endPush)
}
