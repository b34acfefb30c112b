package policy

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// handoff reads the globs of filesystem_policy.handoff.
func (w *walker) handoff(dst *[]string) visit {
	return func(at place) {
		w.list(at, func(item place) {
			raw, ok := w.scalar(item)
			if !ok {
				return
			}
			if err := checkHandoff(raw); err != nil {
				w.fail(item, "", "%s: %v", strconv.Quote(shorten(raw)), err)
				return
			}
			if slices.Contains(*dst, raw) {
				w.fail(item, "", "%s is listed twice", raw)
				return
			}
			*dst = append(*dst, raw)
		})
		if len(*dst) > maxPaths {
			w.fail(at, "name directories instead of what is in them", "%d globs are more than %d", len(*dst), maxPaths)
		}
		slices.Sort(*dst)
	}
}

// checkHandoff says why a glob cannot name files of a workdir.
func checkHandoff(glob string) error {
	switch {
	case strings.HasPrefix(glob, "/"):
		return errors.New("the path is relative to the workdir: no slash before it")
	case strings.ContainsFunc(glob, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("the path has characters that cannot be shown")
	}
	for segment := range strings.SplitSeq(glob, "/") {
		switch segment {
		case "..":
			return errors.New(".. leads out of the workdir")
		case "", ".":
			return errors.New("the path has an empty segment or a dot: a directory counts with all that is below it, without a slash after it")
		}
	}
	return validGlob(globBinary, "/"+glob)
}

// IsHandoff returns what says of a path, relative to the workdir, whether
// Handoff names it. A directory that is named counts with all that is below it;
// the caller asks about each directory on the way.
func (f Filesystem) IsHandoff() (func(name string) bool, error) {
	var globs []*glob
	for _, pattern := range f.Handoff {
		g, err := compileGlob(globBinary, "/"+pattern, false)
		if err != nil {
			return nil, err
		}
		globs = append(globs, g)
	}
	return func(name string) bool {
		return slices.ContainsFunc(globs, func(g *glob) bool { return g.match("/" + name) })
	}, nil
}
