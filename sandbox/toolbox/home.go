package toolbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Home is where tools are looked for.
type Home struct {
	// Dir is the user's home directory, free of symlinks.
	Dir string
	// Getenv reads the user's environment: PATH, and where toolchains are told to live.
	Getenv func(string) string
	// Local is where the machine has what was installed by hand, /usr/local. Every sandbox sees it, without all of it in PATH.
	Local string
}

// Tool is something to show to a sandbox, read-only, every path at its own place.
type Tool struct {
	// Name is what people call it: nvm, cargo.
	Name string
	// Show are files, directories, and symlinks that lead to one of them.
	Show []string
	// Bin are directories for PATH.
	Bin []string
	// Env are the variables it is found by.
	Env map[string]string
}

// at is a path below the home directory.
func (h Home) at(elements ...string) string {
	return filepath.Join(append([]string{h.Dir}, elements...)...)
}

// dir is the directory a variable names, else the usual one below the home
// directory. What lies outside of it is not the business of this package.
func (h Home) dir(variable, usual string) string {
	if named, err := filepath.EvalSymlinks(h.Getenv(variable)); err == nil && h.holds(named) {
		return named
	}
	return h.at(usual)
}

// holds says whether a path lies below the home directory.
func (h Home) holds(path string) bool { return strings.HasPrefix(path, h.Dir+"/") }

// narrow says whether a directory is one thing and not a collection of the
// user's: never the home directory, ~/.local/share or ~/.config.
func (h Home) narrow(dir string) bool {
	if !h.holds(dir) {
		return false
	}
	parts := strings.Split(strings.TrimPrefix(dir, h.Dir+"/"), "/")
	switch {
	case slices.Contains([]string{".local", ".config", ".cache"}, parts[0]):
		return len(parts) >= 4 // ~/.local/pipx/venvs/x
	case strings.HasPrefix(parts[0], "."):
		return len(parts) >= 3 // ~/.pyenv/versions/3.12
	}
	return parts[0] != "bin"
}

// lookPath finds a program in the user's PATH.
func (h Home) lookPath(name string) string {
	for _, dir := range filepath.SplitList(h.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); filepath.IsAbs(dir) && err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// walk follows the symlinks of a path. It returns the end, and those below the
// home directory, each by a path without another one: they must be there too.
func (h Home) walk(name string) (real string, links []string) {
	real = "/"
	rest := strings.Split(strings.Trim(name, "/"), "/")
	for steps := 0; len(rest) > 0 && steps < 256; steps++ {
		next := filepath.Join(real, rest[0])
		rest = rest[1:]
		target, err := os.Readlink(next)
		if err != nil {
			real = next
			continue
		}
		if h.holds(next) {
			links = append(links, next)
		}
		if filepath.IsAbs(target) {
			real = "/"
		}
		rest = append(strings.Split(strings.Trim(target, "/"), "/"), rest...)
	}
	return real, links
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// existing are those of the paths that are there.
func existing(paths ...string) []string {
	var there []string
	for _, path := range paths {
		if _, err := os.Lstat(path); err == nil {
			there = append(there, path)
		}
	}
	return there
}
