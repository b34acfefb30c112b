package supervisor

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"exeat/sandbox/confine"
	"exeat/store"
)

// addProgram shows the agent's own program, which a user installs below the
// home directory that is not shown: it alone, or the package it came in.
func (v *view) addProgram(p *store.Program) error {
	if p == nil {
		return nil
	}
	source, err := filepath.EvalSymlinks(p.Source)
	if err != nil {
		return fmt.Errorf("program %s: %w", p.Link, err)
	}
	shown, err := v.source(packageOf(source), false)
	if err != nil {
		return fmt.Errorf("program %s: %w", p.Link, err)
	}
	v.mount(shown, shown, true)
	v.links = append(v.links, confine.Link{Path: programPath(p), Target: source})
	return nil
}

// programPath is where the program is called from.
func programPath(p *store.Program) string { return path.Join(ownPath, "bin", p.Link) }

// packageDepth is how far above a script its package.json is looked for.
const packageDepth = 4

// packageOf is the directory of the npm package a script belongs to, since it
// reads files beside it; the file itself where there is no package.
func packageOf(file string) string {
	dir := filepath.Dir(file)
	for range packageDepth {
		if dir == "/" {
			break
		}
		if info, err := os.Lstat(filepath.Join(dir, "package.json")); err == nil && info.Mode().IsRegular() {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return file
}

// programAliases lets the policy's usual place of a program, /usr/local/bin/NAME,
// mean the one that is mounted.
func programAliases(p *store.Program, name string, root viewRoot) []string {
	if p == nil || name != path.Join("/usr/local/bin", p.Link) {
		return nil
	}
	real, _ := root.resolve(programPath(p))
	return []string{programPath(p), real}
}
