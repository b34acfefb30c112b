package handoff

import (
	"iter"
	"slices"
	"strings"
	"sync"
)

// index finds the rules that can match where a path has a certain name: a search
// asks about every file of a tree.
type index struct {
	exact map[string][]rule // by their last name
	begin map[byte][]rule   // by the first byte of a last name with a star
	end   map[byte][]rule   // by the last byte of one that begins with it
}

var byName = sync.OnceValue(func() *index {
	in := index{exact: map[string][]rule{}, begin: map[byte][]rule{}, end: map[byte][]rule{}}
	for _, r := range rules {
		last := r.names[len(r.names)-1]
		switch strings.IndexByte(last, '*') {
		case -1:
			in.exact[last] = append(in.exact[last], r)
		case 0:
			in.end[last[len(last)-1]] = append(in.end[last[len(last)-1]], r)
		default:
			in.begin[last[0]] = append(in.begin[last[0]], r)
		}
	}
	return &in
})

// ending are the rules whose last name is this one.
func (in *index) ending(name string) iter.Seq[rule] {
	return func(yield func(rule) bool) {
		for _, some := range [][]rule{in.exact[name], in.begin[name[0]], in.end[name[len(name)-1]]} {
			for _, r := range some {
				if matchName(r.names[len(r.names)-1], name) && !yield(r) {
					return
				}
			}
		}
	}
}

// find returns the first rule that matches, of the directory nearest the outside.
func (in *index) find(parts []string) (rule, bool) {
	for i, name := range parts {
		for r := range in.ending(name) {
			from := i + 1 - len(r.names)
			if from >= 0 && (r.below || i+1 == len(parts)) && slices.EqualFunc(r.names, parts[from:i+1], matchName) {
				return r, true
			}
		}
	}
	return rule{}, false
}

// CanEnd says whether a hand-off path can end in this name. For a search that has
// asked about each directory on the way it is a quick no to nearly every file.
func CanEnd(name string) bool {
	name = fold(name)
	if name == "" {
		return false
	}
	for range byName().ending(name) {
		return true
	}
	return false
}
