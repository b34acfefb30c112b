package policy

import (
	"maps"
	"slices"
	"strings"
)

// Fields of Options that are not written as a plain scalar.
var (
	listOptions    = []string{"fields", "versions"} // always lists
	matcherOptions = []string{"tool", "params"}     // one glob, or {any: [...]}
	// Numbers and truth values, which are not strings to YAML.
	bareOptions = []string{
		"graphql_max_body_bytes", "max_body_bytes", "strict_tool_names", "allow_all_known_mcp_methods",
		"websocket_credential_rewrite", "request_body_credential_rewrite",
	}
)

// options writes fields kept by dotted name, each dot one level deeper.
func (e *emitter) options(depth int, options map[string][]string) {
	e.optionLevel(depth, "", "", options)
}

// optionLevel writes the options below prefix, which belong to field top.
func (e *emitter) optionLevel(depth int, top, prefix string, options map[string][]string) {
	written := ""
	for _, name := range slices.Sorted(maps.Keys(options)) {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		head, _, nested := strings.Cut(rest, ".")
		field := top
		if field == "" {
			field = head
		}
		switch {
		case nested && head == written:
		case nested:
			written = head
			e.line(depth, quoted(head)+":")
			e.optionLevel(depth+1, field, prefix+head+".", options)
		case slices.Contains(listOptions, head) && field != "params":
			e.list(depth, head, len(options[name]), "[]") // none is for Parse to refuse
			e.items(depth+1, options[name])
		case slices.Contains(matcherOptions, field):
			e.matcher(depth, head, options[name])
		case slices.Contains(bareOptions, head):
			e.line(depth, head+": "+options[name][0])
		default:
			e.line(depth, head+": "+quoted(options[name][0])) // an empty name is not any name
		}
	}
}
