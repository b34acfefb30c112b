package changes

import (
	"slices"
	"strings"
)

// Under are the entries at or below one of the paths; all without paths.
func Under(entries []Entry, paths []string) []Entry {
	if len(paths) == 0 {
		return entries
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool {
		return !slices.ContainsFunc(paths, func(p string) bool { return p == "." || e.Path == p || strings.HasPrefix(e.Path, p+"/") })
	})
}
