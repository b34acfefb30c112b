package repo

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ref is a name and the object it stands for.
type Ref struct {
	Name   string // full, such as refs/heads/main
	Object string // lower case hex
}

// IsObject says whether text is an object's name: SHA-1 or SHA-256 in lower case hex.
func IsObject(text string) bool {
	return (len(text) == 40 || len(text) == 64) && strings.Trim(text, "0123456789abcdef") == ""
}

// maxBranch is what fits in a file name (NAME_MAX), with ".lock" after it.
const maxBranch = 250

// ValidBranch says whether a sandbox's name for a branch may become one here:
// git's own rules (git-check-ref-format(1)), and nothing that a command would take
// for an option, that is HEAD, or that cannot be seen.
func ValidBranch(name string) bool {
	if name == "" || len(name) > maxBranch || !utf8.ValidString(name) || Visible(name) != name {
		return false
	}
	if strings.ContainsAny(name, " ~^:?*[\\") || strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.ContainsFunc(name, unicode.IsSpace) {
		return false
	}
	return !slices.ContainsFunc(strings.Split(name, "/"), badPart)
}

func badPart(part string) bool {
	return part == "" || part == "@" || strings.EqualFold(part, "HEAD") || strings.HasPrefix(part, ".") || strings.HasPrefix(part, "-") ||
		strings.HasSuffix(part, ".") || strings.HasSuffix(part, ".lock")
}

// packed is refs as a packed-refs file without traits: git sorts and peels it itself.
func packed(refs []Ref) []byte {
	var b strings.Builder
	for _, r := range refs {
		b.WriteString(r.Object + " " + r.Name + "\n")
	}
	return []byte(b.String())
}
