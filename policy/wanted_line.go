package policy

import "strings"

// readEndpoint reads a text that is one endpoint, and nil from everything else.
func readEndpoint(text string) *Endpoint {
	w := &walker{}
	root := w.document([]byte(text))
	if root == nil {
		return nil
	}
	e := w.endpoint(place{root, ""})
	if w.problems.HasErrors() {
		return nil
	}
	return &e
}

// specOf is a rule as operations say it. What they cannot say is lost.
func specOf(m *Match) RuleSpec {
	s := RuleSpec{
		Method: m.Method, Path: m.Path, Query: m.Query, Fields: m.Options["fields"], Tool: m.Options["tool"],
		OperationType: strings.Join(m.Options["operation_type"], ""), OperationName: strings.Join(m.Options["operation_name"], ""),
	}
	if m.Git != nil {
		s.Git = &GitSpec{Repo: m.Git.Repo, Push: m.Git.Push, Create: m.Git.Create, Delete: m.Git.Delete}
	}
	return s
}

// actionOf is the one action that a rule names, if it is about what bodies ask for.
func actionOf(protocol string, m *Match) (a Action, is bool) {
	switch {
	case m.Git != nil:
		return Action{Protocol: Git, Kind: m.Git.kind(), Name: literal(strings.Join(m.Git.Push, ""))}, true
	case m.Options["operation_type"] != nil:
		a = Action{Protocol: GraphQL, Kind: m.Options["operation_type"][0]}
		for _, field := range m.Options["fields"] {
			a.Fields = append(a.Fields, literal(field))
		}
		return a, len(a.Fields) > 0 // without, every operation of the type would be allowed
	case protocol == MCP, protocol == JSONRPC:
		return Action{Protocol: protocol, Kind: m.Method, Name: literal(strings.Join(m.Options["tool"], ""))}, true
	}
	return a, false
}

// kind is what a rule for one change of one ref is about.
func (g *GitRule) kind() string {
	switch {
	case g.Create:
		return "create"
	case g.Delete:
		return "delete"
	}
	return "update"
}

// literal undoes literalGlob. Where that wrote "?" it is one of several, of which
// any will do to write it again.
func literal(glob string) string {
	return strings.NewReplacer("[*]", "*", "[?]", "?", "[[]", "[", "[]]", "]", "?", "{").Replace(glob)
}
