package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ruleFields are the fields that mean something in the rules of a protocol.
var ruleFields = map[string][]string{
	REST:      {"method", "path", "query", "git"},
	WebSocket: {"method", "path", "query", "operation_type", "operation_name", "fields"},
	GraphQL:   {"operation_type", "operation_name", "fields"},
	MCP:       {"method", "tool", "params"},
	JSONRPC:   {"method"},
}

// ruleOf checks a rule against its endpoint's protocol: a field the protocol
// does not have would be ignored, and a rule nothing can match would be inert.
func (w *walker) ruleOf(o object, e *Endpoint, m *Match) {
	if !e.inspected() || ruleFields[e.Protocol] == nil {
		return // reported for the endpoint
	}
	for _, field := range slices.Sorted(maps.Keys(o.fields)) {
		if !slices.Contains(ruleFields[e.Protocol], field) {
			w.fail(o.at(field), "use "+strings.Join(ruleFields[e.Protocol], ", "), "not a field of %s rules", e.Protocol)
		}
	}
	if w.failedWithin(o.path) {
		return
	}
	switch e.Protocol {
	case REST:
		w.restRule(o, e, m)
	case WebSocket:
		w.webSocketRule(o, e, m)
	case GraphQL:
		w.graphQLRule(o, m)
	case MCP:
		w.mcpRule(o, e, m)
	case JSONRPC:
		w.rpcMethod(o, m)
	}
}

func (w *walker) restRule(o object, e *Endpoint, m *Match) {
	if m.Git != nil {
		if len(o.fields) > 1 {
			w.fail(o.at("git"), "write two rules", "git stands alone in a rule")
			return
		}
		w.gitWithin(o.at("git"), e, m.Git)
		return
	}
	if !o.has("method") {
		w.fail(o.place, `write method: "*" for every method`, "the rule has no method")
	}
	if !o.has("path") {
		w.fail(o.place, `write path: "/**" for every path`, "the rule has no path")
	}
	if o.has("method") {
		w.method(o.at("method"), m)
	}
	if o.has("path") {
		w.rulePath(o.at("path"), e, m)
	}
}

// knownMethods are those a typing mistake is compared with.
var knownMethods = []string{
	"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "TRACK",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "PURGE", "QUERY",
}

// method checks an HTTP method, RFC 9110 section 9.1.
func (w *walker) method(at place, m *Match) {
	written := m.Method
	m.Method = strings.ToUpper(written)
	switch {
	case m.Method == "*" || slices.Contains(knownMethods, m.Method):
	case m.Method == "CONNECT" || m.Method == SocketText:
		w.fail(at, "", "no inspected request has the method %s", m.Method)
	case m.Method == "" || strings.ContainsFunc(m.Method, func(r rune) bool { return !isTokenRune(r) }):
		w.fail(at, `one method, or "*" for all of them`, "%s is no method", strconv.Quote(shorten(written)))
	default:
		w.warn(at, didYouMean(m.Method, knownMethods), "%s is an uncommon method", shorten(m.Method))
	}
}

// traced refuses to allow methods that the proxy refuses whatever a policy says: they show a
// request's secrets to the program that sent it. To deny them as well is harmless.
func (w *walker) traced(o object, m *Match) {
	if o.has("method") && (m.Method == "TRACE" || m.Method == "TRACK") {
		w.fail(o.at("method"), "remove the rule", "no request matches: %s is always refused", m.Method)
	}
}

// twins refuses keys of an allow rule that servers may take for each other: a request that has the
// one is refused because of the other.
func (w *walker) twins(o object, m *Match) {
	keys := slices.Sorted(maps.Keys(m.Query))
	for _, key := range keys {
		p := newParam(key, nil)
		for _, other := range keys {
			if other != key && p.mayBe(other) {
				w.fail(o.at("query"), "write a rule for each", "no request matches: servers may take %s for %s", strconv.Quote(shorten(other)), strconv.Quote(shorten(key)))
				return
			}
		}
	}
}

// isTokenRune is the tchar of RFC 9110 without "*", which stands for every method.
func isTokenRune(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' ||
		r != '*' && strings.ContainsRune("!#$%&'+-.^_`|~", r)
}

func (w *walker) rulePath(at place, e *Endpoint, m *Match) {
	m.Path = rooted(m.Path)
	if !w.requestPath(at, m.Path, e.AllowEncodedSlash) {
		return
	}
	selector := rooted(e.Path)
	if selector != "" && validGlob(globPath, selector) == nil && !pathsMeet(globPath, selector, m.Path) {
		w.fail(at, "", "no request matches: the endpoint only speaks for %s", selector)
	}
}

func (w *walker) webSocketRule(o object, e *Endpoint, m *Match) {
	http := o.has("method") || o.has("path") || o.has("query")
	graphql := o.has("operation_type") || o.has("operation_name") || o.has("fields")
	switch {
	case http && graphql:
		w.fail(o.place, "write two rules", "a rule matches the upgrade and its messages, or GraphQL operations, not both")
	case graphql:
		w.graphQLRule(o, m)
	case !o.has("method") || !o.has("path"):
		w.fail(o.place, "", "the rule needs a method and a path")
	default:
		m.Method = strings.ToUpper(m.Method)
		w.oneOf(o.at("method"), "method", m.Method, "GET", SocketText, "*")
		w.rulePath(o.at("path"), e, m)
	}
}

func (w *walker) graphQLRule(o object, m *Match) {
	w.operationType(o, m)
	for _, field := range []string{"operation_name", "fields"} {
		for _, glob := range m.Options[field] {
			w.glob(o.at(field), globValue, glob)
		}
	}
}

// operationType checks what every GraphQL matcher needs.
func (w *walker) operationType(o object, m *Match) {
	if !o.has("operation_type") {
		w.fail(o.place, "query, mutation or subscription", "the rule has no operation_type")
		return
	}
	if !w.failedWithin(o.at("operation_type").path) {
		w.oneOf(o.at("operation_type"), "operation_type", m.Options["operation_type"][0], "query", "mutation", "subscription", "*")
	}
}
