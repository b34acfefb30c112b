package changes

import (
	"fmt"
	"slices"
	"strings"
)

// Under are the entries at or below one of the paths; all without paths.
func Under(entries []Entry, paths []string) []Entry {
	if len(paths) == 0 {
		return entries
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool {
		return !slices.ContainsFunc(paths, e.under)
	})
}

// under tells whether the entry is the path or lies below it; "." is the top.
func (e Entry) under(path string) bool {
	return path == "." || e.Path == path || strings.HasPrefix(e.Path, path+"/")
}

// Choice is what an apply would do with one file.
type Choice struct {
	Entry
	LeftOut string // why it is not brought; "" when it is
	Forced  bool   // it is left out only because nobody named it
}

// Choose decides which files are brought. Without paths that is every ordinary
// file; hand-off files, links and new executables only when their own path is named,
// or a directory that is a hand-off place itself. A path nothing matches is an error.
func Choose(entries []Entry, paths []string) ([]Choice, error) {
	var chosen []Choice
	unused := slices.Clone(paths)
	for _, e := range entries {
		named := ""
		for _, p := range paths {
			if e.under(p) {
				unused = slices.DeleteFunc(unused, func(u string) bool { return u == p })
				named = longer(named, p)
			}
		}
		if len(paths) > 0 && named == "" {
			continue
		}
		chosen = append(chosen, choice(e, named))
	}
	if len(unused) > 0 {
		return nil, fmt.Errorf("nothing at %q differs from what the sandbox started with", unused[0])
	}
	return chosen, nil
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

func choice(e Entry, named string) Choice {
	c := Choice{Entry: e}
	switch {
	case e.Gitlink():
		c.LeftOut = e.Handoff
	case e.Path == named || e.Handoff != "" && handoffOf(Entry{Path: named}) != "":
	case e.Handoff != "":
		c.LeftOut, c.Forced = e.Handoff, true
	case e.Executable():
		c.LeftOut, c.Forced = "it can be executed now", true
	}
	return c
}
