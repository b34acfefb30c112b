package policy

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// rules reads rules and deny_rules, now that the protocol is known.
func (w *walker) rules(o object, e *Endpoint) {
	if o.has("rules") {
		w.list(o.at("rules"), func(item place) {
			rule := w.object(item, map[string]visit{
				"allow": func(at place) { e.Rules = append(e.Rules, w.rule(at, e, true)) },
			})
			if rule.read && len(item.node.Content) == 0 {
				w.fail(item, "", "want allow: and what it allows")
			}
		})
		if len(e.Rules) == 0 && !w.failedWithin(o.at("rules").path) {
			w.fail(o.at("rules"), "list what is allowed, or remove the endpoint", "no rules allow nothing")
		}
	}
	if o.has("deny_rules") {
		w.list(o.at("deny_rules"), func(item place) {
			e.DenyRules = append(e.DenyRules, w.rule(item, e, false))
		})
	}
}

// rule reads what one rule matches. Every field is read whatever the protocol,
// and those that are not the protocol's own are refused by name.
func (w *walker) rule(at place, e *Endpoint, allow bool) Match {
	m := Match{Pos: position(at.node)}
	o := w.object(at, map[string]visit{
		"method":         w.text(&m.Method),
		"path":           w.text(&m.Path),
		"query":          w.query(&m),
		"git":            w.git(&m),
		"operation_type": w.matchText(&m, "operation_type"),
		"operation_name": w.matchText(&m, "operation_name"),
		"fields":         w.matchList(&m, "fields"),
		"tool":           func(at place) { m.option("tool", w.matcher(at)...) },
		"params":         func(at place) { w.params(at, "params", &m) },
	})
	if !o.read || w.failedWithin(at.path) {
		return m
	}
	if len(o.fields) == 0 {
		w.fail(at, "", "the rule says nothing")
		return m
	}
	if !allow && o.has("git") {
		w.fail(o.at("git"), "deny POST on the repository's git-receive-pack", "git rules only allow")
		return m
	}
	w.ruleOf(o, e, &m)
	if allow {
		w.traced(o, &m)
		w.twins(o, &m)
	}
	return m
}

func (m *Match) option(name string, values ...string) {
	if m.Options == nil {
		m.Options = map[string][]string{}
	}
	m.Options[name] = values
}

func (w *walker) matchText(m *Match, name string) visit {
	return func(at place) {
		if s, ok := w.scalar(at); ok {
			m.option(name, s)
		}
	}
}

func (w *walker) matchList(m *Match, name string) visit {
	return func(at place) {
		var values []string
		w.texts(&values)(at)
		if len(values) == 0 && !w.failedWithin(at.path) {
			w.fail(at, "", "needs at least one name")
		}
		m.option(name, values...)
	}
}

func (w *walker) query(m *Match) visit {
	return func(at place) {
		w.pairs(at, func(key *yaml.Node, value place) {
			if m.Query == nil {
				m.Query = map[string][]string{}
			}
			m.Query[key.Value] = w.matcher(value)
			for _, glob := range m.Query[key.Value] {
				w.glob(value, globValue, glob)
			}
		})
	}
}

// params reads MCP's params, whose names may be nested: {name: x} or {a: {b: x}}.
func (w *walker) params(at place, prefix string, m *Match) {
	w.pairs(at, func(key *yaml.Node, value place) {
		name := prefix + "." + key.Value
		nested := value.node.Kind == yaml.MappingNode && !hasKey(value.node, "any")
		switch {
		case key.Value == "" || strings.ContainsFunc(key.Value, func(r rune) bool { return !isNameRune(r) }):
			w.fail(place{key, value.path}, "", "a parameter's name is made of letters, digits, _ and -")
		case strings.Count(name, ".") > maxParamDepth:
			w.fail(value, "", "more than %d levels", maxParamDepth)
		case nested && len(value.node.Content) == 0:
			w.fail(value, "", "says nothing")
		case nested:
			w.params(value, name, m)
		default:
			m.option(name, w.matcher(value)...)
		}
	})
}

const maxParamDepth = 8

func hasKey(n *yaml.Node, name string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return true
		}
	}
	return false
}

// git reads the extension that judges pushes by repository and ref.
func (w *walker) git(m *Match) visit {
	return func(at place) {
		var g GitRule
		o := w.object(at, map[string]visit{
			"repo":   w.text(&g.Repo),
			"push":   w.texts(&g.Push),
			"delete": w.flag(&g.Delete),
			"create": w.flag(&g.Create),
		})
		m.Git = &g
		if o.read && !w.failedWithin(at.path) {
			w.gitRule(o, &g)
		}
	}
}

func (w *walker) gitRule(o object, g *GitRule) {
	switch {
	case g.Repo == "":
		w.fail(o.at("repo"), "repo: owner/name", "the git rule names no repository")
	case strings.HasPrefix(g.Repo, "/") || strings.HasSuffix(g.Repo, ".git") || hasSegment(g.Repo, "", ".", ".."):
		w.fail(o.at("repo"), "repo: owner/name", "want the repository's path without a leading slash and without .git")
	default:
		w.repo(o.at("repo"), g)
	}
	for _, ref := range g.Push {
		w.ref(o.at("push"), ref)
	}
	if (g.Create || g.Delete) && len(g.Push) == 0 {
		w.fail(o.at("push"), "list the refs that may be pushed", "create and delete need push")
	}
}
