package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// endpointMissing is the endpoint that would allow exactly this request, as a
// line for the block that admits the caller. It is of the protocol that the
// endpoint which came closest judges by: to allow a GraphQL request as a POST
// would allow every other one too.
func (a *Admission) endpointMissing(j *judged, protocol string) string {
	options := ""
	if strings.Contains(j.path, encodedSlash) {
		options = ", allow_encoded_slash: true"
	}
	rules := j.rulesMissing(protocol)
	if len(rules) == 0 {
		return ""
	}
	switch {
	case j.upgrade && protocol != WebSocket:
		protocol = WebSocket
	case protocol == "":
		protocol = REST
	}
	if protocol != REST && protocol != WebSocket {
		options = ", path: " + strconv.Quote(literalGlob(j.path)) + options
	}
	for i := range rules {
		rules[i] = "{ allow: { " + rules[i] + " } }"
	}
	return fmt.Sprintf("{ host: %s, port: %d, protocol: %s%s, rules: [%s] }",
		scalar(a.dest.Host), a.dest.Port, protocol, options, strings.Join(rules, ", "))
}

// maxMissing bounds the names of actions, in bytes, for which rules are written: longer ones nobody reads, and
// the record would cut them.
const maxMissing = 2 << 10

// rulesMissing are what the rules would have to say.
func (j *judged) rulesMissing(protocol string) []string {
	path := strconv.Quote(literalGlob(j.path))
	var rules []string
	if slices.ContainsFunc(j.actions, func(a Action) bool { return a.unsayable() }) {
		return nil
	}
	size := 0
	for i := range j.actions {
		if a := &j.actions[i]; a.Protocol == protocol || a.Protocol == Git || a.Protocol == GraphQL && protocol == WebSocket {
			if size += a.size(); size > maxMissing {
				return nil
			}
			if rule := a.rule(j.path); rule != "" && !slices.Contains(rules, rule) {
				rules = append(rules, rule)
			}
		}
	}
	switch {
	case len(rules) > 0 && j.method == SocketText:
		return append([]string{"method: GET, path: " + path}, rules...)
	case !j.carries(protocol):
		return nil
	case len(rules) > 0, protocol == GraphQL, protocol == MCP, protocol == JSONRPC, j.isPush():
		return rules
	case j.upgrade:
		return []string{"method: GET, path: " + path, "method: " + SocketText + ", path: " + path}
	}
	return []string{fmt.Sprintf("method: %s, path: %s", scalar(j.method), path)}
}

// carries reports that requests of this method can ask for something in the protocol.
func (j *judged) carries(protocol string) bool {
	switch protocol {
	case GraphQL:
		return j.bit&(methodGet|methodPost) != 0 && !j.upgrade
	case MCP, JSONRPC:
		return j.bit == methodPost && !j.upgrade
	}
	return true
}

// unsayable reports a method that reads as a pattern: globs are not escaped there,
// and a program that calls "*" would be told, and tell a human, to allow every method.
func (a *Action) unsayable() bool {
	return (a.Protocol == MCP || a.Protocol == JSONRPC) && strings.ContainsAny(a.Kind, `*?[]{}\`)
}

// rule is what a rule would have to say for exactly this action; "" where none can.
func (a *Action) rule(path string) string {
	switch {
	case a.Kind == "":
		return ""
	case a.Protocol == GraphQL:
		rule := "operation_type: " + a.Kind
		if len(a.Fields) > 0 {
			rule += ", fields: [" + quotedList(a.Fields) + "]"
		}
		return rule
	case a.Protocol == Git:
		repo := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(path, "/"), endPush), ".git")
		rule := fmt.Sprintf("git: { repo: %s, push: [%s]", strconv.Quote(literalGlob(repo)), strconv.Quote(literalGlob(a.Name)))
		if a.Kind != "update" {
			rule += ", " + a.Kind + ": true"
		}
		return rule + " }"
	case a.Name != "":
		return "method: " + scalarMethod(a.Kind) + ", tool: " + strconv.Quote(literalGlob(a.Name))
	}
	return "method: " + scalarMethod(a.Kind)
}

func quotedList(names []string) string {
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, strconv.Quote(literalGlob(name)))
	}
	return strings.Join(quoted, ", ")
}

// scalarMethod leaves the common methods of MCP unquoted.
func scalarMethod(method string) string {
	if scalar(strings.ReplaceAll(method, "/", "")) == strings.ReplaceAll(method, "/", "") {
		return method
	}
	return strconv.Quote(method)
}

// scalar quotes what YAML might read as something other than a string, such as
// the colons of an IPv6 address.
func scalar(s string) string {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '.' || c == '-' || '0' <= c && c <= '9') {
			return strconv.Quote(s)
		}
	}
	if s == "" || '0' <= s[0] && s[0] <= '9' {
		return strconv.Quote(s)
	}
	return s
}
