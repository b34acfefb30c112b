package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// presets are the rules that the access presets of REST stand for. A rule for
// GET also covers HEAD.
var presets = map[string][]string{
	ReadOnly:  {"GET", "OPTIONS"},
	ReadWrite: {"GET", "OPTIONS", "POST", "PUT", "PATCH"},
	Full:      {"*"},
}

// change applies an operation to one endpoint.
func (e *Endpoint) change(op Operation) *OperationError {
	if op.Op == OpSetAccess {
		if e.Access == op.Access {
			return refuse("", "access is already %s", op.Access)
		}
		e.Access, e.Rules = op.Access, nil
		return nil
	}
	if e.Protocol != REST {
		return refuse("remove the endpoint and add one with protocol: rest",
			"rules have a method and a path, which only protocol rest has; %s has %s", e.destination(), cmp.Or(e.Protocol, "no protocol"))
	}
	rule := op.Rule.match()
	rule.Method, rule.Path = strings.ToUpper(rule.Method), rooted(rule.Path)
	switch op.Op {
	case OpAddRule:
		return e.addRule(rule)
	case OpRemoveRule:
		if e.Access != "" {
			return refuse("use set_access", "%s has access: %s and no rules", e.destination(), e.Access)
		}
		return removeMatch(&e.Rules, rule)
	case OpAddDenyRule:
		return addMatch(&e.DenyRules, rule)
	default:
		return removeMatch(&e.DenyRules, rule)
	}
}

// addRule turns a preset into the rules it stands for, so that it can be added to.
func (e *Endpoint) addRule(rule Match) *OperationError {
	if e.Access == Full {
		return refuse("", "%s has access: full, which allows everything", e.destination())
	}
	if e.Access != "" {
		for _, method := range presets[e.Access] {
			e.Rules = append(e.Rules, Match{Method: method, Path: "/**"})
		}
		e.Access = ""
	}
	return addMatch(&e.Rules, rule)
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
	return m.Method == other.Method && m.Path == other.Path && m.Git == nil && other.Git == nil &&
		len(m.Options) == 0 && len(other.Options) == 0 && maps.EqualFunc(m.Query, other.Query, slices.Equal)
}

// label is the rule in short, for people.
func (m Match) label() string {
	if len(m.Query) == 0 {
		return m.Method + " " + m.Path
	}
	return m.Method + " " + m.Path + "?" + strings.Join(slices.Sorted(maps.Keys(m.Query)), "&")
}
