package policy

import (
	"maps"
	"reflect"
	"slices"
)

// agree takes what the policy trusts beside its rules as far as each endpoint that speaks for the request does: an
// endpoint's rules decide about a revision or a registered query as about any other, so what one of them does not let be
// spoken or served must not come to it by way of another.
func (a *Admission) agree(r *Reads, j *judged) {
	first := true
	for _, parts := range []*parts{&a.parts, &a.shuns} {
		for i := range parts.n {
			e := parts.at(i)
			if e.protocol == MCP && e.speaks(j) && len(e.options.versions) > 0 {
				r.speak(e.options.versions)
			}
			if parts == &a.parts && e.speaks(j) && e.serves(j) {
				r.serve(e.options.registered, first)
				first = false
			}
		}
	}
}

// speak leaves the revisions of MCP that these are.
func (r *Reads) speak(versions []string) {
	if r.Versions == nil {
		r.Versions = slices.Clone(versions)
		return
	}
	r.Versions = slices.DeleteFunc(r.Versions, func(v string) bool { return !slices.Contains(versions, v) })
}

// serves reports that an endpoint may allow GraphQL operations of such a request.
func (e *endpoint) serves(j *judged) bool {
	if j.upgrade {
		return e.protocol == WebSocket && e.judges() == GraphQL
	}
	return e.protocol == GraphQL
}

// serve leaves the queries that are registered here too, as the same.
func (r *Reads) serve(registered map[string]Action, first bool) {
	if first {
		r.Registered = maps.Clone(registered)
		return
	}
	maps.DeleteFunc(r.Registered, func(id string, a Action) bool { return !reflect.DeepEqual(registered[id], a) })
}
