package policy

import (
	"iter"
	"strings"
)

// manyRules is from how many rules an index pays.
const manyRules = 16

// ruleSet holds the rules of an endpoint. Many of them are found by the
// directory that their path begins with, so that a request meets only the few
// that could match it.
type ruleSet struct {
	always  []rule            // those that name no directory, or all where they are few
	below   map[string][]rule // by directory, with its last slash
	longest int               // the longest of the directories
}

func newRuleSet(rules []rule) ruleSet {
	if len(rules) < manyRules {
		return ruleSet{always: rules}
	}
	s := ruleSet{below: map[string][]rule{}}
	for _, r := range rules {
		if r.path == nil || r.path.prefix == "" {
			s.always = append(s.always, r)
			continue
		}
		dir := r.path.prefix[:strings.LastIndexByte(r.path.prefix, '/')+1]
		s.below[dir] = append(s.below[dir], r)
		s.longest = max(s.longest, len(dir))
	}
	return s
}

// near are the rules that could match path, and perhaps some more.
func (s *ruleSet) near(path string) iter.Seq[*rule] {
	return func(yield func(*rule) bool) {
		for i := range s.always {
			if !yield(&s.always[i]) {
				return
			}
		}
		for i := 0; i < len(path) && i < s.longest; i++ {
			if path[i] != '/' {
				continue
			}
			dir := s.below[path[:i+1]]
			for k := range dir {
				if !yield(&dir[k]) {
					return
				}
			}
		}
	}
}

// fires reports whether one of the rules denies the request.
func (s *ruleSet) fires(j *judged) bool {
	j.spread()
	if s.firesNear(j, j.lower) {
		return true
	}
	for _, form := range j.forms {
		if s.below != nil && s.firesNear(j, form) {
			return true
		}
	}
	return false
}

func (s *ruleSet) firesNear(j *judged, form string) bool {
	for r := range s.near(form) {
		if r.fires(j) {
			return true
		}
	}
	return false
}
