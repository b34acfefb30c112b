package risk

import (
	"maps"
	"slices"
	"strings"

	"exeat/policy"
)

// ask is what a body or a message may ask for.
type ask struct {
	protocol string
	kind     string // an operation's type or a method; "*" for all
	options  string // what narrows it, as text; "" for nothing
}

// What the option allow_all_known_mcp_methods allows, without rules and beside them.
const (
	everyKnown = "every known method"
	everyOther = "every known method but tools/call"
)

// actionsOf are what an endpoint that reads bodies or messages lets them ask for, without place.
func actionsOf(e *policy.Endpoint) []grant {
	if e.Enforcement == policy.Audit {
		return []grant{{audit: true, asks: ask{protocol: e.Protocol, kind: "*"}}}
	}
	kinds := map[string][]string{
		policy.ReadOnly:  {"query"},
		policy.ReadWrite: {"query", "mutation"},
		policy.Full:      {"*"},
	}[e.Access]
	if e.Protocol == policy.WebSocket {
		kinds = map[string][]string{policy.ReadOnly: {"upgrade"}, policy.ReadWrite: {"*"}, policy.Full: {"*"}}[e.Access]
	}
	if slices.Equal(e.Options["mcp.allow_all_known_mcp_methods"], []string{"true"}) {
		kinds = []string{everyKnown}
		if len(e.Rules) > 0 { // which say what tools may be called
			kinds = []string{everyOther}
		}
	}
	var out []grant
	for _, kind := range kinds {
		out = append(out, grant{asks: ask{protocol: e.Protocol, kind: kind}})
	}
	for _, rule := range e.Rules {
		out = append(out, actionOf(e.Protocol, rule))
	}
	return out
}

// actionOf is one rule of such an endpoint.
func actionOf(protocol string, rule policy.Match) grant {
	g := grant{}
	kind := strings.Join(rule.Options["operation_type"], "")
	switch {
	case kind != "":
	case protocol == policy.WebSocket:
		g = requestOf(rule)
		g.methods = nil
		kind = map[string]string{"GET": "upgrade", policy.SocketText: "messages"}[rule.Method]
	case rule.Method == "" && len(rule.Options) > 0:
		kind = "tools/call"
	default:
		kind = rule.Method
	}
	if kind == "" {
		kind = "*"
	}
	g.asks = ask{protocol: protocol, kind: kind, options: optionsOf(rule)}
	return g
}

// optionsOf writes what narrows a rule as one text that can be compared and read.
func optionsOf(rule policy.Match) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(rule.Options)) {
		values := strings.Join(rule.Options[name], " or ")
		switch name {
		case "operation_type":
		case "fields", "tool":
			words = append(words, values)
		case "operation_name":
			words = append(words, "named "+values)
		default:
			words = append(words, "with "+strings.TrimPrefix(name, "params.")+" "+values)
		}
	}
	return strings.Join(words, " ")
}

// coversAction says that nothing g may ask for is new beside what have may.
func (have grant) coversAction(g grant) bool {
	switch {
	case have.asks == g.asks:
		return true
	case have.asks == ask{}: // nobody read what was asked for
		return have.methods == nil
	}
	known := have.asks.kind == everyKnown && (g.asks.kind == everyOther || g.asks.kind == "tools/call") // which others are known is the proxy's to say
	return have.asks.protocol == g.asks.protocol && have.asks.options == "" && (have.asks.kind == "*" || have.asks.kind == g.asks.kind || known)
}

func (a ask) String() string {
	switch {
	case a.kind == "*" && a.options == "":
		return "everything by " + a.name()
	case a.options == "":
		return a.name() + " " + a.kind
	}
	return a.name() + " " + a.kind + " " + a.options
}

func (a ask) name() string {
	return map[string]string{policy.GraphQL: "GraphQL", policy.MCP: "MCP", policy.JSONRPC: "JSON-RPC", policy.WebSocket: "WebSocket"}[a.protocol]
}
