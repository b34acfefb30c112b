package policy

import (
	"maps"
	"slices"
	"strings"
)

// allTools is the one wildcard among the methods of MCP.
const allTools = "tools/*"

// mcpRule checks a rule of an MCP endpoint: a method, and the tool for calls.
func (w *walker) mcpRule(o object, e *Endpoint, m *Match) {
	all := e.allowsAllMCP()
	tool := o.has("tool") || o.has("params")
	switch {
	case m.Method == "" && !(all && tool):
		w.fail(o.place, "method: "+toolsCall, "the rule has no method")
	case tool && o.has("method") && m.Method != toolsCall:
		w.fail(o.at("method"), "method: "+toolsCall, "tools are only named in %s", toolsCall)
	case m.Method != allTools && strings.ContainsAny(m.Method, "*?["):
		w.fail(o.at("method"), "name the methods one by one", "%s is the only wildcard", allTools)
	case m.Method != "":
		w.glob(o.at("method"), globValue, m.Method)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Options)) {
		for _, glob := range m.Options[name] {
			field, _, _ := strings.Cut(name, ".")
			w.glob(o.at(field), globValue, glob)
		}
	}
}

// rpcMethod checks the method of a JSON-RPC rule, which is exact.
func (w *walker) rpcMethod(o object, m *Match) {
	switch {
	case m.Method == "":
		w.fail(o.at("method"), `write method: "*" for every method`, "the rule has no method")
	case m.Method != "*" && strings.ContainsAny(m.Method, "*?["):
		w.fail(o.at("method"), "name the methods one by one", `only "*" alone is allowed here`)
	default:
		w.glob(o.at("method"), globValue, m.Method)
	}
}
