package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

const (
	maxKey  = 128 // bytes of a block's key
	maxName = 200 // bytes of a block's name
)

func (w *walker) blocks(dst *[]Block) visit {
	return func(at place) {
		w.pairs(at, func(key *yaml.Node, value place) {
			w.blockKey(place{key, value.path}, key.Value)
			*dst = append(*dst, w.block(key, value))
		})
		slices.SortFunc(*dst, func(a, b Block) int { return cmp.Compare(a.Key, b.Key) })
	}
}

// blockKey checks the name of a verdict: it stands in logs, and "-" there means
// that no block came close.
func (w *walker) blockKey(at place, key string) {
	switch {
	case key == "" || len(key) > maxKey:
		w.fail(at, "", "the name of a block has 1 to %d characters", maxKey)
	case strings.ContainsFunc(key, func(r rune) bool { return !isNameRune(r) }) || key[0] == '-':
		w.fail(at, "", "the name of a block is made of letters, digits, _ and -, and does not start with -")
	}
}

func (w *walker) block(key *yaml.Node, at place) Block {
	b := Block{Key: key.Value, Pos: position(key)}
	o := w.object(at, map[string]visit{
		"name": w.text(&b.Name),
		"endpoints": func(at place) {
			w.list(at, func(item place) { b.Endpoints = append(b.Endpoints, w.endpoint(item)) })
		},
		"binaries": func(at place) {
			w.list(at, func(item place) { b.Binaries = append(b.Binaries, w.binary(item)) })
		},
	})
	if !o.read {
		return b
	}
	if len(b.Endpoints) == 0 && !slices.Contains(o.meant, "endpoints") && !w.failedWithin(at.path+".endpoints") {
		w.fail(o.at("endpoints"), "list at least one, or remove the block", "the block has no endpoints")
	}
	if len(b.Binaries) == 0 && !slices.Contains(o.meant, "binaries") && !w.failedWithin(at.path+".binaries") {
		w.fail(o.at("binaries"), "list at least one, or remove the block", "the block has no binaries")
	}
	if len(b.Name) > maxName || strings.ContainsFunc(b.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		w.fail(o.at("name"), "", "a name is at most %d characters, all of them printable", maxName)
	}
	return b
}

func (w *walker) binary(at place) Binary {
	b := Binary{Descendants: true, Pos: position(at.node)}
	o := w.object(at, map[string]visit{
		"path":        w.text(&b.Path),
		"descendants": w.flag(&b.Descendants),
		"untainted":   w.flag(&b.Untainted),
	})
	switch {
	case !o.read || !o.has("path") && !o.lacks("path"):
	case o.lacks("path"):
		w.fail(at, "name the program: - path: /usr/bin/curl", "the binary has no path")
	case !w.failedWithin(o.at("path").path):
		w.binaryPath(o.at("path"), b.Path)
	}
	return b
}

// binaryPath checks a glob over executables. What the kernel reports is an
// absolute path without "//", ".", ".." or a slash at its end.
func (w *walker) binaryPath(at place, glob string) {
	switch {
	case !strings.HasPrefix(glob, "/"):
		w.fail(at, "", "want an absolute path, got %s", strconv.Quote(shorten(glob)))
	case strings.ContainsFunc(glob, func(r rune) bool { return !unicode.IsPrint(r) }):
		w.fail(at, "", "the path has characters that cannot be shown: %s", strconv.QuoteToASCII(shorten(glob)))
	case len(glob) > maxPath:
		w.fail(at, "", "the path has %d bytes, more than %d", len(glob), maxPath)
	case hasSegment(glob[1:], "", ".", ".."):
		w.fail(at, "write it as the kernel reports it", "no program has the path %s", strconv.Quote(shorten(glob)))
	default:
		w.glob(at, globBinary, glob)
	}
}

// glob checks the syntax of a pattern.
func (w *walker) glob(at place, kind globKind, pattern string) bool {
	if err := validGlob(kind, pattern); err != nil {
		w.fail(at, "", "%s: %v", strconv.Quote(shorten(pattern)), err)
		return false
	}
	return true
}

// hasSegment says whether one of the segments of path is one of these.
func hasSegment(path string, these ...string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool { return slices.Contains(these, s) })
}
