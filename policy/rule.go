package policy

import (
	"slices"
	"strings"
)

// rule is one compiled allow or deny rule.
type rule struct {
	methods methods
	path    *glob // nil for every path
	query   []param
	action  *actionRule // of what the body asks for; nil: of the request alone
}

// judged is a request with what is worked out about it only once.
type judged struct {
	method  string // upper case
	bit     methodSet
	path    string
	query   string
	upgrade bool // to a WebSocket
	turned  bool // under another method than it came with: what its body asks for was not read as such
	actions []Action
	unread  map[string]string
	lower   string   // path without regard to case; "" until a deny rule asks
	forms   []string // what lower may be taken for, see otherForms
}

// matches is narrow, for what allows: the path as it stands.
func (r *rule) matches(j *judged) bool {
	if !r.methods.has(j) || r.path != nil && !r.path.match(j.path) {
		return false
	}
	for i := range r.query {
		if !r.query[i].all(j.query) {
			return false
		}
	}
	return true
}

// hasTwin reports that the query has a key beside those of the rule that a server may take for one of them.
func (r *rule) hasTwin(query string) bool {
	return slices.ContainsFunc(r.query, func(p param) bool { return p.twin(query) })
}

// fires is broad, for what denies: any form of the path, any value of a key,
// the query split at semicolons too.
func (r *rule) fires(j *judged) bool {
	if r.action != nil || !r.methods.has(j) || r.path != nil && !j.anyForm(r.path) {
		return false
	}
	for i := range r.query {
		if p := &r.query[i]; !p.some(j.query) && !p.some(strings.ReplaceAll(j.query, ";", "&")) {
			return false
		}
	}
	return true
}

// spread works out what the path may be taken for.
func (j *judged) spread() {
	if j.lower == "" {
		j.lower = strings.ToLower(j.path)
		j.forms = otherForms(j.lower)
	}
}

// anyFormat reports whether a folded glob matches a form of the path without the name of a format.
func (j *judged) anyFormat(g *glob) bool {
	return j.inAnyForm(func(form string) bool { return g.match(withoutFormat(form)) })
}

// anyForm reports whether a folded glob matches what path may be taken for.
func (j *judged) anyForm(g *glob) bool { return j.inAnyForm(g.match) }

// inAnyForm reports whether something holds for one of the paths that it may be taken for.
func (j *judged) inAnyForm(holds func(form string) bool) bool {
	j.spread()
	return holds(j.lower) || slices.ContainsFunc(j.forms, holds)
}
