package policy

import (
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// optionFields reads the fields that only some protocols have into e.Options.
func (w *walker) optionFields(e *Endpoint) map[string]visit {
	set := func(name string, values ...string) {
		if e.Options == nil {
			e.Options = map[string][]string{}
		}
		e.Options[name] = values
	}
	return map[string]visit{
		"persisted_queries": func(at place) {
			if s, ok := w.scalar(at); ok && w.oneOf(at, "persisted_queries", s, "deny", "allow_registered") {
				set("persisted_queries", s)
			}
		},
		"graphql_persisted_queries":       w.registry(set),
		"graphql_max_body_bytes":          w.optionNumber("graphql_max_body_bytes", set),
		"websocket_credential_rewrite":    w.optionFlag("websocket_credential_rewrite", set),
		"request_body_credential_rewrite": w.optionFlag("request_body_credential_rewrite", set),
		"json_rpc": func(at place) {
			w.object(at, map[string]visit{
				"max_body_bytes": w.optionNumber("json_rpc.max_body_bytes", set),
			})
		},
		"mcp": func(at place) {
			w.object(at, map[string]visit{
				"max_body_bytes":              w.optionNumber("mcp.max_body_bytes", set),
				"versions":                    w.revisions(set),
				"strict_tool_names":           w.optionFlag("mcp.strict_tool_names", set),
				"allow_all_known_mcp_methods": w.optionFlag("mcp.allow_all_known_mcp_methods", set),
			})
		},
	}
}

// setOption keeps one option by its dotted name.
type setOption func(name string, values ...string)

func (w *walker) optionNumber(name string, set setOption) visit {
	return func(at place) {
		var n int
		w.number(&n, "a number of bytes", 1, 1<<31-1)(at)
		if n != 0 {
			set(name, strconv.Itoa(n))
		}
	}
}

func (w *walker) optionFlag(name string, set setOption) visit {
	return func(at place) {
		on := false
		w.flag(&on)(at)
		set(name, strconv.FormatBool(on))
	}
}

// mcpRevisions are the revisions of the protocol that OpenShell names.
var mcpRevisions = []string{"2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}

// revisions reads mcp.versions; unquoted, YAML takes them for dates.
func (w *walker) revisions(set setOption) visit {
	return func(at place) {
		var versions []string
		w.list(at, func(item place) {
			switch {
			case !w.is(item, yaml.ScalarNode, "a revision"):
			case !slices.Contains(mcpRevisions, item.node.Value):
				w.fail(item, "one of "+strings.Join(mcpRevisions, ", "), "%s is no revision of MCP", kindName(item.node))
			default:
				versions = append(versions, item.node.Value)
			}
		})
		if len(versions) == 0 && !w.failedWithin(at.path) {
			w.fail(at, "", "needs at least one revision")
		}
		set("mcp.versions", slices.Compact(slices.Sorted(slices.Values(versions)))...)
	}
}

// registry reads the persisted queries, each under its hash or id.
func (w *walker) registry(set setOption) visit {
	const field = "graphql_persisted_queries"
	return func(at place) {
		w.pairs(at, func(key *yaml.Node, value place) {
			id := key.Value
			if id == "" || strings.ContainsFunc(id, func(r rune) bool { return !isNameRune(r) && r != ':' }) {
				w.fail(place{key, value.path}, "", "a query's id is made of letters, digits, _, - and :")
				return
			}
			m := w.operation(value)
			for name, values := range m.Options {
				set(field+"."+id+"."+name, values...)
			}
		})
	}
}

// operation reads one registered GraphQL operation.
func (w *walker) operation(at place) Match {
	var m Match
	o := w.object(at, map[string]visit{
		"operation_type": w.matchText(&m, "operation_type"),
		"operation_name": w.matchText(&m, "operation_name"),
		"fields":         w.matchList(&m, "fields"),
	})
	w.operationType(o, &m)
	return m
}
