package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// presets are the methods of the rules that a preset stands for in a protocol, or
// the types of operations. A rule for GET also covers HEAD.
var presets = map[string]map[string][]string{
	REST: {
		ReadOnly:  {"GET", "OPTIONS"},
		ReadWrite: {"GET", "OPTIONS", "POST", "PUT", "PATCH"},
	},
	GraphQL:   {ReadOnly: {"query"}, ReadWrite: {"query", "mutation"}},
	WebSocket: {ReadOnly: {"GET"}},
}

// change applies an operation to one endpoint.
func (e *Endpoint) change(op Operation) *OperationError {
	switch {
	case op.Op == OpSetAccess && e.Access == op.Access:
		return refuse("", "access is already %s", op.Access)
	case op.Op == OpSetAccess:
		e.Access, e.Rules = op.Access, nil
		return nil
	case op.Op == OpSetSlash && e.AllowEncodedSlash == *op.Slash:
		return refuse("", "allow_encoded_slash is already %t", *op.Slash)
	case op.Op == OpSetSlash:
		e.AllowEncodedSlash = *op.Slash
		return nil
	}
	if !e.inspected() {
		return refuse("remove the endpoint and add one with protocol: rest",
			"rules judge requests, and nobody reads those of %s, which has %s", e.destination(), cmp.Or(e.Protocol, "no protocol"))
	}
	rule := e.canonical(op.Rule.match())
	switch op.Op {
	case OpAddRule:
		return e.addRule(rule)
	case OpRemoveRule:
		if e.Access != "" {
			return refuse("use set_access", "%s has access: %s and no rules", e.destination(), e.Access)
		}
		if e.allowsAllMCP() && len(e.Rules) == 1 {
			return refuse("remove the endpoint, or propose the whole policy", "%s allows every tool without its last rule", e.destination())
		}
		return removeMatch(&e.Rules, rule)
	case OpAddDenyRule:
		return addMatch(&e.DenyRules, rule)
	default:
		return removeMatch(&e.DenyRules, rule)
	}
}

// canonical writes a rule as the parser keeps it, to be compared with those there are.
func (e *Endpoint) canonical(rule Match) Match {
	if (e.Protocol == REST || e.Protocol == WebSocket) && rule.Path != "" {
		rule.Method, rule.Path = strings.ToUpper(rule.Method), rooted(rule.Path)
	}
	return rule
}

// addRule turns a preset into the rules it stands for, so that it can be added to.
func (e *Endpoint) addRule(rule Match) *OperationError {
	switch {
	case e.Access == Full, e.Access == ReadWrite && e.Protocol == WebSocket:
		return refuse("", "%s has access: %s, which allows everything", e.destination(), e.Access)
	case e.allowsAllMCP() && len(e.Rules) == 0:
		return refuse("use add_deny_rule, or propose the whole policy",
			"%s allows every tool as long as it has no rules: the first one would take the others away", e.destination())
	case e.Access != "":
		e.Rules, e.Access = presetRules(e.Protocol, e.Access), ""
	}
	return addMatch(&e.Rules, rule)
}

// allowsAllMCP reports the option by which rules are about calls of tools alone.
func (e *Endpoint) allowsAllMCP() bool { return e.flag("mcp.allow_all_known_mcp_methods", true) }

// presetRules are the rules that a preset stands for which does not allow everything.
func presetRules(protocol, access string) []Match {
	var rules []Match
	for _, word := range presets[protocol][access] {
		if protocol == GraphQL {
			rules = append(rules, Match{Options: map[string][]string{"operation_type": {word}}})
			continue
		}
		rules = append(rules, Match{Method: word, Path: "/**"})
	}
	return rules
}

func addMatch(rules *[]Match, rule Match) *OperationError {
	if slices.ContainsFunc(*rules, rule.same) {
		return refuse("", "the rule %s is already there", rule.label())
	}
	*rules = append(*rules, rule)
	return nil
}

func removeMatch(rules *[]Match, rule Match) *OperationError {
	at := slices.IndexFunc(*rules, rule.same)
	if at < 0 {
		var all []string
		for _, r := range *rules {
			all = append(all, r.label())
		}
		return refuse("rules: "+strings.Join(all, ", "), "there is no rule %s", rule.label())
	}
	*rules = slices.Delete(*rules, at, at+1)
	return nil
}

// same compares what two rules match, not where they stand.
func (m Match) same(other Match) bool {
	return m.Method == other.Method && m.Path == other.Path && m.Git.same(other.Git) &&
		maps.EqualFunc(m.Options, other.Options, slices.Equal) && maps.EqualFunc(m.Query, other.Query, slices.Equal)
}

func (g *GitRule) same(other *GitRule) bool {
	if g == nil || other == nil {
		return g == other
	}
	return g.Repo == other.Repo && slices.Equal(g.Push, other.Push) && g.Create == other.Create && g.Delete == other.Delete
}

// label is the rule in short, for people.
func (m Match) label() string {
	var words []string
	if m.Git != nil {
		words = append([]string{"git", m.Git.Repo}, m.Git.Push...)
	}
	words = append(words, m.Method, m.Path)
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(m.Options))) { // the type of an operation first
		words = append(words, m.Options[name]...)
	}
	label := strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), " ")
	if len(m.Query) > 0 {
		label += "?" + strings.Join(slices.Sorted(maps.Keys(m.Query)), "&")
	}
	return label
}
