package policy

import (
	"maps"
	"slices"
)

// SocketText is the method by which rules name a client's messages on a WebSocket.
const SocketText = "WEBSOCKET_TEXT"

// allowRules are the rules of an endpoint, written out or by preset.
func (c *compiler) allowRules(at site, e *Endpoint) []rule {
	if e.Access != "" {
		return c.preset(at, e)
	}
	var rules []rule
	for i := range e.Rules {
		if git := e.Rules[i].Git; git != nil {
			rules = append(rules, c.gitRules(at, git)...)
			continue
		}
		rules = append(rules, c.protocolRule(at, e.Protocol, &e.Rules[i], false))
	}
	return rules
}

// preset are the rules that `access` stands for in a protocol.
func (c *compiler) preset(at site, e *Endpoint) []rule {
	switch e.Protocol {
	case GraphQL:
		return c.operationPreset(at, e.Access)
	case WebSocket:
		rules := []rule{{methods: methods{known: methodGet}}}
		if e.Access != ReadOnly {
			rules = append(rules, rule{methods: methods{other: SocketText}})
		}
		return rules
	}
	switch e.Access {
	case ReadOnly:
		return []rule{{methods: methods{known: methodsReadOnly}}}
	case ReadWrite:
		return []rule{{methods: methods{known: methodsReadWrite}}}
	}
	return []rule{{methods: methods{any: true}}}
}

func (c *compiler) operationPreset(at site, access string) []rule {
	types := presets[GraphQL][access] // full has none: every type
	return []rule{{methods: methods{any: true}, action: &actionRule{kinds: c.values(at, types)}}}
}

func (c *compiler) values(at site, patterns []string) []*glob {
	var globs []*glob
	for _, pattern := range patterns {
		globs = append(globs, c.glob(at, globKey{kind: globValue, pattern: pattern}))
	}
	return globs
}

// protocolRule compiles a rule as its endpoint's protocol means it.
func (c *compiler) protocolRule(at site, protocol string, m *Match, deny bool) rule {
	switch {
	case protocol == MCP, protocol == JSONRPC:
		return rule{methods: methods{any: true}, action: c.callRule(at, m)}
	case protocol == GraphQL, m.Options["operation_type"] != nil:
		return rule{methods: methods{any: true}, action: &actionRule{
			kinds:  c.values(at, m.Options["operation_type"]),
			names:  c.values(at, m.Options["operation_name"]),
			fields: c.values(at, m.Options["fields"]),
		}}
	}
	return c.rule(at, m, deny)
}

// callRule is a rule of an MCP or JSON-RPC endpoint. One that names a tool or a
// parameter without a method is about calls of tools.
func (c *compiler) callRule(at site, m *Match) *actionRule {
	compiled := &actionRule{}
	method := m.Method
	for _, name := range slices.Sorted(maps.Keys(m.Options)) {
		if method == "" {
			method = toolsCall
		}
		globs := c.values(at, m.Options[name])
		if name == "tool" {
			compiled.names = globs
			continue
		}
		compiled.params = append(compiled.params, param{key: name, values: globs})
	}
	if method != "" {
		compiled.kinds = c.values(at, []string{method})
	}
	return compiled
}

// toolsCall is the method of MCP that calls a tool.
const toolsCall = "tools/call"

func (c *compiler) rule(at site, m *Match, deny bool) rule {
	compiled := rule{methods: compileMethods(m.Method)}
	if m.Path != "" && m.Path != "/**" && m.Path != "**" {
		compiled.path = c.glob(at, globKey{globPath, m.Path, deny})
	}
	for _, key := range slices.Sorted(maps.Keys(m.Query)) {
		compiled.query = append(compiled.query, newParam(key, c.values(at, m.Query[key])))
	}
	return compiled
}

// gitRules are the requests of git's smart protocol to the repository of a rule. What
// a push may change is read from its body.
func (c *compiler) gitRules(at site, git *GitRule) []rule {
	services := []string{"git-upload-pack"}
	if len(git.Push) > 0 {
		services = append(services, "git-receive-pack")
	}
	refs := &actionRule{git: &gitRefs{create: git.Create, delete: git.Delete}}
	for _, ref := range git.Push {
		refs.git.refs = append(refs.git.refs, c.glob(at, globKey{kind: globPath, pattern: "/" + ref}))
	}
	var rules []rule
	for _, repository := range git.repositories() {
		path := func(end string) *glob {
			return c.glob(at, globKey{kind: globPath, pattern: repository + end})
		}
		rules = append(rules,
			rule{methods: methods{known: methodGet}, path: path(endRefs), query: []param{newParam("service", c.values(at, services))}},
			rule{methods: methods{known: methodPost}, path: path(endFetch)},
		)
		if len(git.Push) > 0 {
			rules = append(rules, rule{methods: methods{known: methodPost}, path: path(endPush), action: refs})
		}
	}
	return rules
}
