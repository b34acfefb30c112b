package toolbox

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// private are the names in an installation's directory that may hold
// credentials for registries: PREFIX/etc/npmrc, PREFIX/pip.conf.
var private = []string{"etc", "pip.conf", ".npmrc", "npmrc", ".pypirc", ".netrc", "credentials", "credentials.toml"}

// parts is an installation without what is private in it: the directory, or,
// where something is, everything else in it.
func parts(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	isPrivate := func(e os.DirEntry) bool { return slices.Contains(private, e.Name()) }
	if !slices.ContainsFunc(entries, isPrivate) {
		return []string{dir}
	}
	var shown []string
	for _, e := range entries {
		if !isPrivate(e) {
			shown = append(shown, filepath.Join(dir, e.Name()))
		}
	}
	return shown
}

// versions are the directories of dir, the newest first; symlinks to versions
// (latest, 20) are not among them.
func versions(dir string) []string {
	entries, _ := os.ReadDir(dir) // none where there is no such directory
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return natural(b, a) })
	for i, name := range names {
		names[i] = filepath.Join(dir, name)
	}
	return names
}

// links are the symlinks of dir: latest, 20, the names of environments.
func links(dir string) []string {
	entries, _ := os.ReadDir(dir) // none where there is no such directory
	var found []string
	for _, e := range entries {
		if e.Type() == os.ModeSymlink {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found
}

// natural compares names as people do: v9 before v10.
func natural(a, b string) int {
	for a != "" && b != "" {
		wordA, restA := chunk(a)
		wordB, restB := chunk(b)
		if c := compareChunks(wordA, wordB); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return cmp.Compare(len(a), len(b))
}

func compareChunks(a, b string) int {
	if digit(a[0]) && digit(b[0]) {
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	}
	return strings.Compare(a, b)
}

// chunk splits off the leading digits, or the leading rest.
func chunk(s string) (first, rest string) {
	i := 1
	for i < len(s) && digit(s[i]) == digit(s[0]) {
		i++
	}
	return s[:i], s[i:]
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// inUse is the version whose programs are in the user's PATH, else the preferred
// one, else the newest.
func (h Home) inUse(all []string, preferred string) string {
	for _, dir := range filepath.SplitList(h.Getenv("PATH")) {
		real, _ := filepath.EvalSymlinks(dir)
		for _, version := range all {
			if real == version || strings.HasPrefix(real, version+"/") {
				return version
			}
		}
	}
	for _, version := range all {
		if name := filepath.Base(version); preferred != "" && (name == preferred || name == "v"+preferred) {
			return version
		}
	}
	if len(all) == 0 {
		return ""
	}
	return all[0]
}
