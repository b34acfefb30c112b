package policy

import (
	"fmt"
	"slices"
	"strings"
)

// encodedSlash is an escaped slash in a canonical path: npm asks for @types%2Fnode, GitLab's API for group%2Fproject.
const encodedSlash = "%2F"

func wantSlash(group []Wanted) bool {
	return slices.ContainsFunc(group, func(w Wanted) bool { return strings.Contains(w.Path, encodedSlash) })
}

// withSlash has an endpoint take escaped slashes before the rules of a way are added to it, where they are wanted and it
// does not. Where rules or deny rules judge its paths, the slash may get past those as well: that is more than was wanted.
func (b *Block) withSlash(way Option, e *Endpoint, group []Wanted) Option {
	if e.AllowEncodedSlash || !wantSlash(group) {
		return way
	}
	if e.Access == "" || e.Path != "" || len(e.DenyRules) > 0 {
		way.Risk = RiskWide
	}
	yes := true
	way.Operations = slices.Insert(way.Operations, 0, Operation{
		Op: OpSetSlash, Block: b.Key, Host: e.Host, Port: group[0].Port, Path: e.Path, Slash: &yes,
	})
	way.Permits = slices.Insert(way.Permits, 0, fmt.Sprintf("the programs of block %s (%s) may send %s in the paths of %s:%d%s",
		b.Key, b.programs(), encodedSlash, e.Host, group[0].Port, e.Path))
	return way
}
