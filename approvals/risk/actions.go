package risk

import (
	"maps"
	"slices"
	"strings"

	"exeat/policy"
)

// actionsOf are what an endpoint that reads bodies or messages lets them ask for, without place.
func actionsOf(e policy.Endpoint) []grant {
	asks := map[string][]string{
		policy.ReadOnly:  {"query"},
		policy.ReadWrite: {"query", "mutation"},
		policy.Full:      {"*"},
	}[e.Access]
	if e.Protocol == policy.WebSocket {
		asks = map[string][]string{policy.ReadOnly: {"upgrade"}, policy.ReadWrite: {"*"}, policy.Full: {"*"}}[e.Access]
	}
	if slices.Equal(e.Options["mcp.allow_all_known_mcp_methods"], []string{"true"}) && len(e.Rules) == 0 {
		asks = []string{"*"}
	}
	var out []grant
	for _, a := range asks {
		out = append(out, grant{asks: e.Protocol + " " + a})
	}
	for _, rule := range e.Rules {
		out = append(out, actionOf(e.Protocol, rule))
	}
	return out
}

// actionOf is one rule of such an endpoint.
func actionOf(protocol string, rule policy.Match) grant {
	g := grant{}
	var words []string
	switch {
	case rule.Options["operation_type"] != nil:
		words = slices.Concat(rule.Options["operation_type"], rule.Options["operation_name"], rule.Options["fields"])
	case protocol == policy.WebSocket:
		g = requestOf(rule)
		words = []string{map[string]string{"GET": "upgrade", policy.SocketText: "messages"}[rule.Method]}
		g.methods = nil
	default:
		words = callOf(rule)
	}
	if len(words) == 0 || words[0] == "" {
		words = []string{"*"}
	}
	g.asks = protocol + " " + strings.Join(words, " ")
	return g
}

// callOf names a call of MCP or JSON-RPC: its method, and the tools or parameters it is about.
func callOf(rule policy.Match) []string {
	method := rule.Method
	if method == "" && len(rule.Options) > 0 {
		method = "tools/call"
	}
	words := []string{method}
	for _, name := range slices.Sorted(maps.Keys(rule.Options)) {
		words = append(words, rule.Options[name]...)
	}
	return words
}

// coversAction says that nothing g may ask for is new beside what have may.
func (have grant) coversAction(g grant) bool {
	if have.asks == g.asks {
		return true
	}
	protocol, all := strings.CutSuffix(have.asks, "*")
	return all && strings.HasPrefix(g.asks, protocol) || have.asks == "" && have.methods == nil
}
