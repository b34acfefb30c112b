package policy

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// tlsSkip is the one value of Endpoint.TLS other than automatic.
const tlsSkip = "skip"

// optionProtocols are the protocols in which an option means something.
var optionProtocols = map[string][]string{
	"persisted_queries":               {GraphQL, WebSocket},
	"graphql_persisted_queries":       {GraphQL, WebSocket},
	"graphql_max_body_bytes":          {GraphQL, WebSocket},
	"websocket_credential_rewrite":    {REST, WebSocket},
	"request_body_credential_rewrite": {REST},
	"json_rpc":                        {JSONRPC},
	"mcp":                             {MCP},
}

// combination checks the fields of an endpoint against each other. What would
// have no effect is an error: its author believes that it has one.
func (w *walker) combination(o object, e *Endpoint) {
	if w.failedWithin(o.at("protocol").path) && o.has("protocol") {
		return // what the rest means is not known
	}
	for _, option := range slices.Sorted(maps.Keys(optionProtocols)) {
		if o.has(option) && !slices.Contains(optionProtocols[option], e.Protocol) {
			w.fail(o.at(option), "", "only means something for protocol %s", strings.Join(optionProtocols[option], " or "))
		}
	}
	if !e.inspected() {
		w.uninspected(o, e)
		return
	}
	w.selector(o, e)
	if o.lacks("path") && slices.Contains([]string{GraphQL, MCP, JSONRPC}, e.Protocol) {
		// A server that reads no body does there what the path says: POST /repos/x/forks, with a query in the body.
		w.warn(o.place, "add path", "without path, a POST to any path of the host is allowed if its body is a call that the rules allow")
	}
	if e.TLS == tlsSkip {
		w.fail(o.at("tls"), "remove tls", "protocol %s cannot be read without terminating TLS", e.Protocol)
	}
	w.allowance(o, e)
}

// uninspected refuses what needs requests to be read.
func (w *walker) uninspected(o object, e *Endpoint) {
	for _, field := range []string{"path", "access", "rules", "deny_rules", "allow_encoded_slash"} {
		if !o.has(field) {
			continue
		}
		if e.Protocol == TCP {
			w.fail(o.at(field), "remove it, or write protocol: rest", "protocol tcp has no requests to judge")
		} else {
			w.fail(o.at(field), "add protocol: rest", "has no effect without protocol")
		}
	}
	if e.Enforcement == Audit {
		w.fail(o.at("enforcement"), "add protocol: rest and rules", "audit has no effect where no request is judged")
	}
}

// allowance checks that the endpoint says once what is allowed.
func (w *walker) allowance(o object, e *Endpoint) {
	rpc := e.Protocol == MCP || e.Protocol == JSONRPC
	allMCP := e.Protocol == MCP && e.allowsAllMCP()
	switch {
	case o.has("access") && o.has("rules"):
		w.fail(o.at("rules"), "keep one of them", "access and rules exclude each other")
	case o.has("access") && rpc:
		w.fail(o.at("access"), "list rules", "protocol %s has no presets", e.Protocol)
	case o.lacks("access") && o.lacks("rules") && !allMCP:
		hint := "add access: read-only, or rules"
		if rpc {
			hint = "list rules"
		}
		w.fail(o.place, hint, "protocol %s says how to read requests, not which are allowed", e.Protocol)
	}
}

// selector checks the path that chooses between endpoints of one host.
func (w *walker) selector(o object, e *Endpoint) {
	if !o.has("path") || w.failedWithin(o.at("path").path) {
		return
	}
	e.Path = rooted(e.Path)
	if e.Path != "" {
		w.requestPath(o.at("path"), e.Path, e.AllowEncodedSlash)
	}
}

// maxEndpoints bounds a policy, since endpoints are compared with each other.
const maxEndpoints = 1024

// acrossBlocks refuses tls: skip where another endpoint inspects the same
// host and port: the two would answer the same connection differently.
func (w *walker) acrossBlocks(at place, p *Policy) {
	count := 0
	for _, block := range p.Blocks {
		count += len(block.Endpoints)
	}
	if count > maxEndpoints {
		w.fail(at, "", "%d endpoints are more than %d", count, maxEndpoints)
		return
	}
	for b, block := range p.Blocks {
		for i := range block.Endpoints {
			e := &p.Blocks[b].Endpoints[i]
			if e.TLS == tlsSkip && !e.inspected() {
				w.skipped(endpointPath(block.Key, i)+".tls", e, p)
			}
		}
	}
}

// skipped refuses tls: skip at an endpoint of which another one inspects something.
func (w *walker) skipped(path string, e *Endpoint, p *Policy) {
	for key, other := range p.inspecting(e, e.Ports) {
		w.problems = append(w.problems, Problem{
			File: w.file, Position: e.Pos, Path: path,
			Message:  "block " + key + " inspects " + other.shared(e) + ", so TLS is terminated there",
			Hint:     "write protocol: rest and access: full instead of tls: skip",
			Severity: SeverityError,
		})
		return // the first of them is enough
	}
}

// inspecting has the inspected endpoints that share a host and one of the ports with e, each with the key of
// its block.
func (p *Policy) inspecting(e *Endpoint, ports []int) iter.Seq2[string, *Endpoint] {
	return func(yield func(string, *Endpoint) bool) {
		for _, block := range p.Blocks {
			for i := range block.Endpoints {
				other := &block.Endpoints[i]
				if other.inspected() && portsMeet(ports, other.Ports) && hostsMeet(e.Host, other.Host) && !yield(block.Key, other) {
					return
				}
			}
		}
	}
}

// InspectedBeside are the hosts of endpoints that inspect what e, which does not, shares with them at the port: there e is
// read as read-only. All tells whether that is so at every host of e.
func (p *Policy) InspectedBeside(e *Endpoint, port int) (hosts []string, all bool) {
	for _, other := range p.inspecting(e, []int{port}) {
		hosts = append(hosts, other.Host)
		all = all || other.Host == e.Host || !isWildcard(e.Host)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts), all
}

// shared is the host and those ports of e that other has too, for people.
func (e *Endpoint) shared(other *Endpoint) string {
	common := Endpoint{Host: e.Host}
	for _, port := range e.Ports {
		if slices.Contains(other.Ports, port) {
			common.Ports = append(common.Ports, port)
		}
	}
	return common.destination()
}

func portsMeet(a, b []int) bool {
	return slices.ContainsFunc(a, func(port int) bool { return slices.Contains(b, port) })
}
