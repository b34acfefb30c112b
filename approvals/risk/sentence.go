package risk

import (
	"fmt"
	"slices"
	"strings"
)

// String is the grant as a sentence: what, where, by whom.
func (g grant) String() string {
	who := g.who()
	if g.raw.any {
		return fmt.Sprintf("any traffic to %s:%d%s,%s", g.host, g.port, g.raw, who)
	}
	if g.git != (byGit{}) {
		return fmt.Sprintf("%s at %s://%s:%d%s%s", g.git, scheme(g.port), g.host, g.port, g.within(), who)
	}
	where := g.where()
	if g.query != "" {
		where += "?" + g.query
	}
	if g.takes {
		return "what is not read as " + g.asks.name() + " at " + where + who
	}
	if g.audit {
		return "every request to " + where + who + " (audit: its rules only record)"
	}
	if g.asks != (ask{}) {
		return g.asks.String() + " at " + where + who
	}
	if g.methods == nil {
		return "every method on " + where + who
	}
	return and(g.methods) + " " + where + who
}

func (g grant) who() string {
	who := " by " + g.binary
	if g.descendants {
		who += " and what it starts"
	}
	if g.untainted {
		who += ", untainted"
	}
	return who
}

func (g grant) where() string {
	return fmt.Sprintf("%s://%s:%d%s", scheme(g.port), g.host, g.port, g.below())
}

// below is the path as a reader needs it: the rule's, within the selector's.
func (g grant) below() string {
	switch {
	case g.path == "" && g.selector == "":
		return "/**"
	case g.path == "":
		return g.selector
	case g.selector == "" || g.selector == g.path:
		return g.path
	}
	return g.path + g.within()
}

func (g grant) within() string {
	if g.selector == "" {
		return ""
	}
	return " (within " + g.selector + ")"
}

func scheme(port int) string {
	if port == 80 {
		return "http"
	}
	return "https"
}

// sentences says each grant once; those that differ only in method share one.
func sentences(grants []grant) []string {
	merged := []grant{}
	at := map[string]int{}
	for _, g := range grants {
		bare := g
		bare.methods = []string{}
		i, seen := at[bare.String()]
		if seen && g.methods != nil && merged[i].methods != nil {
			merged[i].methods = union(merged[i].methods, g.methods)
			continue
		}
		at[bare.String()] = len(merged)
		merged = append(merged, g)
	}
	var out []string
	for _, g := range merged {
		if text := g.String(); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func union(a, b []string) []string {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

// and joins words as English does.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
