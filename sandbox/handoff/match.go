package handoff

import (
	"slices"
	"strings"
)

// Match says whether a path is a hand-off file, and who runs or trusts it. The
// path is relative to the workspace, with slashes; the names count in every
// directory of it, because tools look in the directory they are started in.
//
// Case does not count: a checkout on a file system that folds it makes .Vscode
// the editor's. The path is hostile: any bytes are allowed, and .. is a name.
func Match(name string) (why string, ok bool) {
	parts := strings.Split(fold(name), "/")
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" || p == "." })
	r, ok := byName().find(parts)
	return r.why, ok
}

// Bits of a file's kind, as in st_mode and in git's trees (inode(7), and
// "index-format" in git's manual for gitlinks).
const (
	typeMask = 0o170000
	regular  = 0o100000
	tree     = 0o040000
	link     = 0o120000
	gitlink  = 0o160000
)

// Kind says whether a file is a hand-off file whatever its name is: mode is that
// of lstat(2) or of a git tree.
func Kind(mode uint32) (why string, ok bool) {
	switch mode & typeMask {
	case regular, tree:
		return "", false
	case link:
		return "symbolic link: tools write and read where it points", true
	case gitlink:
		return "nested repository: git runs what its configuration says", true
	}
	return "not a regular file", true
}

// rule is a name, or a few from the outside in, and who reads it.
type rule struct {
	names []string // folded; a star is any characters
	below bool     // and everything below it
	why   string
}

// matchName compares one name; a pattern has at most one star.
func matchName(pattern, name string) bool {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	return len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
}

// fold gives names that some file system takes for the same one spelling: Unicode
// case (ſ is an s there, K a k) and the code points that HFS+ ignores in names,
// with which a .git that is none came along before (CVE-2014-9390).
func fold(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 || 'A' <= r && r <= 'Z' }) < 0 {
		return name
	}
	return strings.Map(func(r rune) rune {
		if ignored(r) {
			return -1
		}
		return r
	}, strings.ToLower(strings.ToUpper(name)))
}

// ignored are the code points of HFS+'s case folding table that have no weight
// (Apple TN1150).
func ignored(r rune) bool {
	return r >= 0x200c && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x206a && r <= 0x206f || r == 0xfeff
}
