package risk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"exeat/policy"
)

// liberty is what a field of an endpoint lets through beside its rules, for one program.
type liberty struct {
	place
	what     string // a sentence's beginning
	bytes    int    // of a body that may be read; 0 for others
	revision bool   // it is one of MCP
}

// The liberties that are findings too.
const (
	secretsInBodies   = "secrets in the bodies of requests to"
	secretsInMessages = "secrets in the messages on WebSockets to"
)

// newLiberties are those of candidate that base does not give. That a new endpoint takes revisions of MCP, and bodies of the
// usual length, goes without saying.
func newLiberties(base, candidate *policy.Policy) []liberty {
	before := liberties(base)
	return slices.DeleteFunc(liberties(candidate), func(l liberty) bool {
		known := slices.ContainsFunc(before, func(have liberty) bool { return have.place == l.place })
		usual := l.revision || l.bytes > 0 && l.bytes <= policy.ReadLimit
		return slices.ContainsFunc(before, l.within) || usual && !known
	})
}

// within reports that have lets at least as much through.
func (l liberty) within(have liberty) bool {
	switch {
	case have.place != l.place:
		return false
	case l.bytes > 0:
		return have.bytes >= l.bytes
	case l.revision && have.what == everyRevision:
		return true
	}
	return have == l
}

func liberties(p *policy.Policy) []liberty {
	return everywhere(p, libertiesOf, func(l *liberty, at place) { l.place = at })
}

// libertiesOf are an endpoint's, without places.
func libertiesOf(e *policy.Endpoint) []liberty {
	var out []liberty
	for name, what := range map[string]string{
		"request_body_credential_rewrite": secretsInBodies, "websocket_credential_rewrite": secretsInMessages,
	} {
		if slices.Equal(e.Options[name], []string{"true"}) {
			out = append(out, liberty{what: what})
		}
	}
	for _, prefix := range e.AllowedIPs {
		out = append(out, liberty{what: fmt.Sprintf("addresses in %s behind", prefix)})
	}
	if e.AllowEncodedSlash {
		out = append(out, liberty{what: "%2F in the paths of"})
	}
	if n := readBy(e); n > 0 {
		out = append(out, liberty{what: fmt.Sprintf("bodies of up to %d bytes at", n), bytes: n})
	}
	if slices.Equal(e.Options["mcp.strict_tool_names"], []string{"false"}) {
		out = append(out, liberty{what: "tools with names of any form at"})
	}
	return slices.Concat(out, revisionsOf(e), registeredBy(e))
}

// readBy is how much of a body an endpoint reads that judges by it, else 0.
func readBy(e *policy.Endpoint) int {
	field, reads := map[string]string{
		policy.GraphQL: "graphql_max_body_bytes", policy.MCP: "mcp.max_body_bytes", policy.JSONRPC: "json_rpc.max_body_bytes",
	}[e.Protocol]
	if !reads {
		return 0
	}
	if n, err := strconv.Atoi(strings.Join(e.Options[field], "")); err == nil {
		return n
	}
	return policy.ReadLimit
}

// revisionsOf are those of MCP that may be spoken; an endpoint that names none takes every one, which only counts beside
// one that did.
func revisionsOf(e *policy.Endpoint) []liberty {
	if e.Protocol != policy.MCP {
		return nil
	}
	var out []liberty
	for _, revision := range e.Options["mcp.versions"] {
		out = append(out, liberty{what: "revision " + revision + " of MCP at", revision: true})
	}
	if len(out) == 0 {
		out = append(out, liberty{what: everyRevision, revision: true})
	}
	return out
}

const everyRevision = "every revision of MCP at"

// registeredBy are the GraphQL queries that an endpoint takes by their ids.
func registeredBy(e *policy.Endpoint) []liberty {
	if !slices.Equal(e.Options["persisted_queries"], []string{"allow_registered"}) {
		return nil
	}
	queries := map[string][]string{}
	for name, values := range e.Options {
		if rest, ok := strings.CutPrefix(name, "graphql_persisted_queries."); ok {
			id := rest[:max(0, strings.LastIndexByte(rest, '.'))]
			queries[id] = append(queries[id], strings.TrimPrefix(rest[len(id):], ".")+" "+strings.Join(values, " and "))
		}
	}
	var out []liberty
	for id, words := range queries {
		slices.Sort(words)
		out = append(out, liberty{what: fmt.Sprintf("the GraphQL query registered as %s (%s) at", id, strings.Join(words, ", "))})
	}
	return out
}

// libertySentences say what the fields of endpoints newly let through.
func libertySentences(base, candidate *policy.Policy) []string {
	var out []string
	for _, l := range newLiberties(base, candidate) {
		out = append(out, l.what+" "+whereAndWho(l.place))
	}
	slices.SortFunc(out, cmp.Compare[string])
	return slices.Compact(out)
}

func whereAndWho(p place) string {
	g := grant{place: p}
	return g.where() + g.who()
}

// liberties looks at what the fields of endpoints newly let through.
func (f *finder) liberties() {
	for _, l := range newLiberties(f.before, f.candidate) {
		where := fmt.Sprintf("%s:%d%s", l.host, l.port, l.selector)
		switch {
		case l.what == secretsInBodies || l.what == secretsInMessages:
			f.add(SecretInBody, High, "%s %s: who reads them there reads the secret", l.what, where)
		case l.bytes > 0:
			f.add(LongBody, Low, "bodies of up to %d bytes are read for %s before they are judged", l.bytes, where)
		}
	}
}
