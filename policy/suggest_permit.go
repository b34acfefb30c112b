package policy

import (
	"fmt"
	"slices"
	"strings"
)

// permits says what the endpoint lets a program do.
func (s EndpointSpec) permits(w Wanted) []string {
	var out []string
	for _, rule := range s.Rules {
		out = append(out, rule.permit(w))
	}
	switch {
	case s.Access != "":
		out = append(out, fmt.Sprintf("read (GET, HEAD, OPTIONS) everything at %s:%d", w.Host, w.Port))
	case len(s.Rules) == 0:
		out = append(out, fmt.Sprintf("exchange anything with %s:%d, uninspected", w.Host, w.Port))
	}
	return out
}

func (s RuleSpec) permit(w Wanted) string {
	d, _ := w.demand()
	what, path := s.Method+" "+s.Path, d.selector
	switch {
	case s.Git != nil:
		what = s.Git.permit()
	case d.protocol == WebSocket && s.Method == "GET":
		what = "open a WebSocket"
	case d.protocol == WebSocket && s.Method != "":
		what = "send anything on a WebSocket"
	case d.selector != "":
		words := slices.Concat([]string{s.OperationType, s.Method}, s.Fields, s.Tool)
		words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
		what = "ask for " + strings.Join(words, " ") + " by " + d.protocol
	}
	return fmt.Sprintf("%s at %s:%d%s", what, w.Host, w.Port, path)
}

// permit says what git may do. That it may fetch comes with every such rule.
func (g *GitSpec) permit() string {
	what := "fetch " + g.Repo + " and push to " + strings.Join(g.Push, ", ")
	if g.Create {
		what += ", and make such refs"
	}
	if g.Delete {
		what += ", and delete such refs"
	}
	return what
}
