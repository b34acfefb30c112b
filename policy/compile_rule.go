package policy

import (
	"maps"
	"slices"
)

// allowRules are the rules of an endpoint, written out or by preset.
func (c *compiler) allowRules(at site, e *Endpoint) []rule {
	switch e.Access {
	case ReadOnly:
		return []rule{{methods: methods{known: methodsReadOnly}}}
	case ReadWrite:
		return []rule{{methods: methods{known: methodsReadWrite}}}
	case Full:
		return []rule{{methods: methods{any: true}}}
	}
	var rules []rule
	for i := range e.Rules {
		if git := e.Rules[i].Git; git != nil {
			rules = append(rules, c.gitRules(at, git)...)
			continue
		}
		rules = append(rules, c.rule(at, &e.Rules[i], false))
	}
	return rules
}

func (c *compiler) rule(at site, m *Match, deny bool) rule {
	compiled := rule{methods: compileMethods(m.Method)}
	if m.Path != "" && m.Path != "/**" && m.Path != "**" {
		compiled.path = c.glob(at, globKey{globPath, m.Path, deny})
	}
	for _, key := range slices.Sorted(maps.Keys(m.Query)) {
		p := param{key: key}
		for _, value := range m.Query[key] {
			p.values = append(p.values, c.glob(at, globKey{kind: globValue, pattern: value}))
		}
		compiled.query = append(compiled.query, p)
	}
	if len(m.Options) > 0 {
		compiled.pending = "such a rule"
	}
	return compiled
}

// gitRules are the requests that git makes to the repository of a rule. They
// only serve to say why they are denied: pushes are not read yet.
func (c *compiler) gitRules(at site, git *GitRule) []rule {
	var rules []rule
	for _, path := range []string{".git/**", "/info/refs", "/git-upload-pack", "/git-receive-pack"} {
		rules = append(rules, rule{
			methods: methods{any: true},
			path:    c.glob(at, globKey{kind: globPath, pattern: "/" + git.Repo + path}),
			pending: "the git rule",
		})
	}
	return rules
}
