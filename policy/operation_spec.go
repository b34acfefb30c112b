package policy

import "slices"

// match is the rule as written; Apply parses the result. A list that is given and
// empty stays one, for the parser to refuse: left out it would match everything.
func (s *RuleSpec) match() Match {
	m := Match{Method: s.Method, Path: s.Path, Query: cloneLists(s.Query)}
	if s.Git != nil {
		m.Git = &GitRule{Repo: s.Git.Repo, Push: slices.Clone(s.Git.Push), Create: s.Git.Create, Delete: s.Git.Delete}
	}
	for name, text := range map[string]string{"operation_type": s.OperationType, "operation_name": s.OperationName} {
		if text != "" {
			m.option(name, text)
		}
	}
	for name, globs := range map[string][]string{"fields": s.Fields, "tool": s.Tool} {
		if globs != nil {
			m.option(name, slices.Clone(globs)...)
		}
	}
	return m
}

// endpoint is the endpoint as written; Apply parses the result.
func (s *EndpointSpec) endpoint() Endpoint {
	e := Endpoint{
		Host: s.Host, Ports: slices.Clone(s.Ports), Path: s.Path, Protocol: s.Protocol, TLS: s.TLS,
		Enforcement: s.Enforcement, Access: s.Access, AllowedIPs: slices.Clone(s.AllowedIPs),
		AllowEncodedSlash: s.AllowEncodedSlash,
	}
	if s.Port != 0 {
		e.Ports = append(e.Ports, s.Port)
	}
	if e.Enforcement == "" {
		e.Enforcement = Enforce
	}
	for _, rule := range s.Rules {
		e.Rules = append(e.Rules, rule.match())
	}
	for _, rule := range s.DenyRules {
		e.DenyRules = append(e.DenyRules, rule.match())
	}
	return e
}

func (s *BinarySpec) binary() Binary {
	return Binary{Path: s.Path, Descendants: s.Descendants == nil || *s.Descendants, Untainted: s.Untainted}
}
