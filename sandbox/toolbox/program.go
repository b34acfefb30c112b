package toolbox

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Program is a program below the home directory and what it needs to run.
type Program struct {
	// Source is the file that is executed, free of symlinks.
	Source string
	// Show are Source or its package, and its interpreter with its installation.
	Show []string
	// Bin are directories for PATH, in which a script finds its interpreter.
	Bin []string
	// Interpreter is what runs a script, where that is below the home directory
	// too, and Runs the name by which the script asks for it.
	Interpreter, Runs string
}

// Program finds out about a program that path names, by whatever symlinks. It
// is false for one outside of the home directory, and for one that only picks
// another (a shim): that needs its whole toolchain.
func (h Home) Program(path string) (Program, bool) {
	source, _ := h.walk(path)
	if !h.holds(source) || IsShim(path, source) {
		return Program{}, false
	}
	p := Program{Source: source, Show: h.installation(source)}
	name := interpreterOf(source)
	if name == "" {
		return p, true
	}
	file := name
	if !filepath.IsAbs(name) {
		file = h.lookPath(name)
	}
	real, links := h.walk(file)
	if !h.holds(real) || IsShim(file, real) || !exists(real) {
		return p, true
	}
	p.Interpreter, p.Runs = real, filepath.Base(name)
	p.Show = append(append(p.Show, h.prefix(real)...), links...)
	if !filepath.IsAbs(name) {
		p.Bin = []string{filepath.Dir(real)}
		if filepath.Base(real) != name {
			p.Bin = append(p.Bin, filepath.Dir(file))
		}
	}
	return p, true
}

// IsShim says whether a program only picks the one that does the work: those of
// pyenv, asdf and mise, and the programs that are really rustup.
func IsShim(path, source string) bool {
	return strings.Contains(source, "/shims/") || strings.Contains(path, "/shims/") ||
		filepath.Base(source) == "rustup" && filepath.Base(path) != "rustup" || filepath.Base(source) == "volta-shim"
}

// Package is the directory a program came in, which it reads files of; itself
// alone where there is none, or where that would be more than a package.
func (h Home) Package(file string) string {
	for _, find := range []func(string) string{nodePackage, virtualEnv, versionDir, packageJSON} {
		if dir := find(file); dir != "" && h.narrow(dir) {
			return dir
		}
	}
	return file
}

func (h Home) installation(file string) []string {
	if dir := h.Package(file); dir != file {
		return parts(dir)
	}
	return []string{file}
}

// nodePackage is what npm installed: .../node_modules/NAME or .../node_modules/@SCOPE/NAME.
// Packages in a package are its own; those of pnpm lie beside each other.
func nodePackage(file string) string {
	const dir = "/node_modules/"
	at := strings.Index(file, dir)
	if strings.Contains(file, "/.pnpm/") {
		at = strings.LastIndex(file, dir)
	}
	if at < 0 {
		return ""
	}
	names := strings.Split(file[at+len(dir):], "/")
	n := 1
	if strings.HasPrefix(names[0], "@") {
		n = 2
	}
	if len(names) <= n {
		return ""
	}
	return file[:at+len(dir)] + strings.Join(names[:n], "/")
}

// virtualEnv is what pipx and `uv tool` make: DIR/bin/NAME beside DIR/pyvenv.cfg.
func virtualEnv(file string) string {
	dir := filepath.Dir(filepath.Dir(file))
	if exists(dir + "/pyvenv.cfg") {
		return dir
	}
	return ""
}

// versionDir is what installers of single programs make: .../versions/1.2/NAME.
func versionDir(file string) string {
	if dir := filepath.Dir(file); filepath.Base(filepath.Dir(dir)) == "versions" {
		return dir
	}
	return ""
}

// packageDepth is how far above a script its package.json is looked for.
const packageDepth = 4

// packageJSON is a package of node's that is not installed but worked on (npm link).
func packageJSON(file string) string {
	dir := filepath.Dir(file)
	for range packageDepth {
		if info, err := os.Lstat(filepath.Join(dir, "package.json")); err == nil && info.Mode().IsRegular() {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

// prefix is the installation an interpreter is part of: PREFIX/bin/node with
// PREFIX/lib/node_modules. Itself alone where nothing says that it is one.
func (h Home) prefix(file string) []string {
	dir := filepath.Dir(filepath.Dir(file))
	if filepath.Base(filepath.Dir(file)) != "bin" || !h.narrow(dir) {
		return []string{file}
	}
	for _, sign := range []string{"lib/node_modules", "include/node", "lib/python*", "lib/ruby", "pyvenv.cfg"} {
		if found, _ := filepath.Glob(filepath.Join(dir, sign)); len(found) > 0 {
			return parts(dir)
		}
	}
	return []string{file}
}

// interpreterOf is what the first line of a script asks for: a path, or for
// /usr/bin/env a name. It is empty for anything that is no script.
func interpreterOf(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := io.ReadFull(f, head) // a short script is no error
	line, script := bytes.CutPrefix(head[:n], []byte("#!"))
	if !script {
		return ""
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) == 0 || filepath.Base(words[0]) != "env" {
		return first(words)
	}
	words = words[1:]
	for len(words) > 0 && (strings.HasPrefix(words[0], "-") || strings.Contains(words[0], "=")) {
		words = words[1:]
	}
	return first(words)
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
