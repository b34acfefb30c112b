package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Git is the Protocol of an Action that changes a ref.
const Git = "git"

// Action is one thing that the body of a request, or a message of an upgraded
// connection, asks for, as an inspector read it.
type Action struct {
	Protocol string   // GraphQL, MCP, JSONRPC or Git
	Kind     string   // GraphQL: query, mutation or subscription; MCP and JSONRPC: the method, "" for a client's response; Git: create, update or delete
	Name     string   // GraphQL: the operation's name; MCP: the tool that is called; Git: the ref
	Fields   []string // GraphQL: the root fields, as the schema names them
	Known    bool     // MCP: the method is one of the specification's
	// Param gives a string of an MCP message by dotted path ("params.name"). Unclear
	// reports that something is there which is no such string, or may be read as
	// another parameter. Both may be nil.
	Param   func(path string) (value string, ok bool)
	Unclear func(path string) bool
}

// maxNamed is how many fields of an action a sentence names.
const maxNamed = 8

// String names the action for people. Its length is bounded: the sandbox chose the names.
func (a *Action) String() string {
	kind, name := shorten(a.Kind), shorten(a.Name)
	switch {
	case a.Kind == "":
		return "a response"
	case a.Protocol == GraphQL && a.Name == "" && len(a.Fields) > 0:
		return kind + " " + a.fields()
	case a.Protocol == GraphQL && len(a.Fields) > 0:
		return kind + " " + name + " { " + a.fields() + " }"
	case a.Name == "":
		return kind
	}
	return kind + " " + name
}

func (a *Action) fields() string {
	var named []string
	for _, field := range a.Fields[:min(len(a.Fields), maxNamed)] {
		named = append(named, shorten(field))
	}
	if more := len(a.Fields) - maxNamed; more > 0 {
		named = append(named, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(named, ", ")
}

// size is how many bytes its names have.
func (a *Action) size() int {
	n := len(a.Kind) + len(a.Name)
	for _, field := range a.Fields {
		n += len(field)
	}
	return n
}

// actionRule is what a compiled rule says of actions.
type actionRule struct {
	kinds  []*glob // any of them; none: every kind
	names  []*glob // of an operation or a tool, any of them; none: every name
	fields []*glob
	params []param
	git    *gitRefs
}

// gitRefs are the changes of refs that a git rule allows.
type gitRefs struct {
	refs           []*glob
	create, delete bool
}

// allows is narrow: each field and parameter of the action must be named.
func (r *actionRule) allows(a *Action) bool {
	if r.git != nil {
		return r.git.allows(a)
	}
	if !anyGlob(r.kinds, a.Kind) || !anyGlob(r.names, a.Name) {
		return false
	}
	if len(r.fields) > 0 && (len(a.Fields) == 0 || slices.ContainsFunc(a.Fields, func(f string) bool { return !anyGlob(r.fields, f) })) {
		return false
	}
	return !slices.ContainsFunc(r.params, func(p param) bool { return !a.has(&p) })
}

// forbids is broad: one field that is named is enough, and so is a parameter
// that a server might read as one of the rule's.
func (r *actionRule) forbids(a *Action) bool {
	if !anyGlob(r.kinds, a.Kind) || !anyGlob(r.names, a.Name) {
		return false
	}
	if len(r.fields) > 0 && !slices.ContainsFunc(a.Fields, func(f string) bool { return anyGlob(r.fields, f) }) {
		return false
	}
	return !slices.ContainsFunc(r.params, func(p param) bool { return !a.has(&p) && !a.mayHave(&p) })
}

func (a *Action) mayHave(p *param) bool { return a.Unclear != nil && a.Unclear(p.key) }

// has reports that the parameter is there with a value that matches.
func (a *Action) has(p *param) bool {
	if a.Param == nil {
		return false
	}
	value, ok := a.Param(p.key)
	return ok && p.matches(value)
}

func (g *gitRefs) allows(a *Action) bool {
	if a.Kind == "create" && !g.create || a.Kind == "delete" && !g.delete {
		return false
	}
	return slices.ContainsFunc(g.refs, func(ref *glob) bool { return ref.match("/" + a.Name) })
}

// anyGlob reports that one of the globs matches, or that there are none.
func anyGlob(globs []*glob, text string) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(g *glob) bool { return g.match(text) })
}
