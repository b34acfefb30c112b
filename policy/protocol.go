package policy

import "slices"

// readsAt reports an endpoint that names the path and judges what is asked for
// there by reading it. Where there is one, endpoints of protocol rest that speak for
// more than that add nothing: they would let through as a POST what was to be read.
// Like what denies, it is broad: to many servers "/graphql/" is "/graphql", and to some "/graphql.json" is.
func (e *endpoint) readsAt(j *judged) bool {
	if e.selector == nil || !e.forbids(j) && !j.anyFormat(e.selectorFold) {
		return false
	}
	switch e.protocol {
	case GraphQL, MCP, JSONRPC:
		return true
	case WebSocket:
		return j.upgrade
	}
	return false
}

// readAt reports that one of the endpoints reads what is asked for at the path.
func (p *parts) readAt(j *judged) bool {
	read, _ := p.readers(j)
	return read
}

// readers reports also whether one of them names this path alone.
func (p *parts) readers(j *judged) (read, exact bool) {
	for i := range p.n {
		if e := p.at(i); e.readsAt(j) {
			read, exact = true, exact || e.exact
		}
	}
	return read, exact
}

// adds reports that an endpoint that speaks for a request may allow it: one of protocol rest that is
// less exact than one that reads there does not.
func (o *outcome) adds(e *endpoint) bool {
	return e.speaksAs() != REST || e.exact || !o.exact && (!o.read || e.selector != nil)
}

// grants reports that an endpoint allows the request, as its protocol means it.
func (o *outcome) grants(e *endpoint, rules *ruleSet, j *judged) bool {
	switch e.speaksAs() {
	case GraphQL:
		return !j.upgrade && j.bit&(methodGet|methodPost) != 0 && rules.grantSome(j, GraphQL)
	case JSONRPC:
		return !j.upgrade && j.bit == methodPost && rules.grantSome(j, JSONRPC)
	case MCP:
		return !j.upgrade && e.grantsMCP(rules, j)
	case WebSocket:
		return j.upgrade && o.grantsSocket(e, rules, j)
	}
	if !j.upgrade {
		return o.grantsRequest(rules, j)
	}
	// What a client sends on a WebSocket are writes, and nobody reads them here.
	read, write := j.as("GET"), j.as("POST")
	return o.grantsRequest(rules, &read) && o.grantsRequest(rules, &write)
}

// grantsMCP allows calls one by one, and what the Streamable HTTP transport needs
// beside them: the stream of the server's messages (GET) and the session's end
// (DELETE). Those only at a path that the policy names and without a query: nobody
// judges what else they could carry out of the sandbox.
func (e *endpoint) grantsMCP(rules *ruleSet, j *judged) bool {
	switch {
	case j.bit == methodGet, j.bit == methodDelete:
		return e.selector != nil && j.query == ""
	case j.bit != methodPost:
		return false
	}
	n := 0
	for i := range j.actions {
		a := &j.actions[i]
		switch {
		case a.Protocol != MCP:
			continue
		case a.Kind == "": // the answer to a question of the server's
		case e.options.knows(a):
		case !rules.grantsAction(j, a):
			return false
		}
		n++
	}
	return n > 0
}

// knows reports a method that is allowed by the option for all of them. It is OpenShell's: beside rules
// it means every method but tools/call, of which the rules name the tools.
func (o *options) knows(a *Action) bool {
	return o.allMethods && a.Known && !(o.callsByRule && a.Kind == toolsCall)
}

// grantsSocket allows an upgrade, and then the client's messages. A server that does not switch answers the upgrade as the
// GET that it is: what its query asks for must be allowed like a message.
func (o *outcome) grantsSocket(e *endpoint, rules *ruleSet, j *judged) bool {
	if j.method == SocketText && e.options.operations {
		return rules.grantAll(j, GraphQL) // plumbing has none
	}
	return (j.method == SocketText || j.bit == methodGet && rules.grantAll(j, GraphQL)) && o.grantsRequest(rules, j)
}

// grantsRequest looks at rules about the request itself, and at those about
// refs if it is a push.
func (o *outcome) grantsRequest(rules *ruleSet, j *judged) bool {
	refs := false
	for r := range rules.near(j.path) {
		switch {
		case !r.matches(j):
		case len(r.query) > 0 && j.splitsAtSemicolon(), r.hasTwin(j.query):
			o.ambiguous = true
		case r.action == nil:
			return true
		case r.action.git != nil:
			refs = true
		}
	}
	return refs && !j.turned && j.unread[Git] == "" && rules.grantAll(j, Git)
}

// grantAll reports that every action of the protocol is allowed by a rule.
func (s *ruleSet) grantAll(j *judged, protocol string) bool {
	return !slices.ContainsFunc(j.actions, func(a Action) bool { return a.Protocol == protocol && !s.grantsAction(j, &a) })
}

// grantSome is grantAll where a request without any such action asks for nothing that could be allowed.
func (s *ruleSet) grantSome(j *judged, protocol string) bool {
	return slices.ContainsFunc(j.actions, func(a Action) bool { return a.Protocol == protocol }) && s.grantAll(j, protocol)
}

func (s *ruleSet) grantsAction(j *judged, a *Action) bool {
	for r := range s.near(j.path) {
		if r.action != nil && r.matches(j) && r.action.allows(a) {
			return true
		}
	}
	return false
}

// fires reports that a deny rule of the endpoint forbids the request or something it asks for.
func (e *endpoint) fires(j *judged) bool {
	if slices.ContainsFunc(j.actions, func(a Action) bool { return a.Protocol == e.judges() && e.deny.firesAction(j, &a) }) {
		return true
	}
	if e.speaksAs() == REST && j.upgrade {
		read, write := j.as("GET"), j.as("POST")
		return e.deny.fires(&read) || e.deny.fires(&write)
	}
	return e.deny.fires(j)
}

// judges is the protocol of the actions that an endpoint's rules are about.
func (e *endpoint) judges() string {
	switch {
	case e.protocol != WebSocket:
		return e.protocol
	case e.options.operations || e.deniesActions:
		return GraphQL
	}
	return ""
}

func (s *ruleSet) firesAction(j *judged, a *Action) bool {
	for r := range s.near(j.path) {
		if r.action != nil && r.action.forbids(a) {
			return true
		}
	}
	return false
}
