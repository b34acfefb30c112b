package supervisor

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"exeat/sandbox/confine"
	"exeat/sandbox/toolbox"
	"exeat/store"
)

// addProgram shows the agent's own program, which a user installs below the
// home directory that is not shown: it alone, or the package it came in.
func (v *view) addProgram(p *store.Program, home string) error {
	if p == nil {
		return nil
	}
	if _, err := os.Stat(p.Source); err != nil {
		return fmt.Errorf("program %s: %w", p.Link, err)
	}
	show := p.Show
	if len(show) == 0 { // a sandbox made before packages were recorded
		show = []string{toolbox.Home{Dir: home}.Package(p.Source)}
	}
	if err := v.addTool(store.Tool{Name: "program " + p.Link, Show: show}); err != nil {
		return err
	}
	v.links = append(v.links, confine.Link{Path: programPath(p), Target: p.Source})
	return nil
}

// programPath is where the program is called from.
func programPath(p *store.Program) string { return path.Join(ownPath, "bin", p.Link) }

// addTools shows the toolchains that were found when the sandbox was made.
func (v *view) addTools(tools []store.Tool) error {
	for _, tool := range tools {
		if err := v.addTool(tool); err != nil {
			return err
		}
	}
	return nil
}

// addTool shows every path of a tool at its own place. A version that was
// removed since is left out; a path that has become a symlink is refused.
func (v *view) addTool(tool store.Tool) error {
	for _, name := range tool.Show {
		if target, err := os.Readlink(name); err == nil && v.isName(name) {
			v.links = append(v.links, confine.Link{Path: name, Target: target})
			continue
		}
		err := v.addShown(name)
		if isMissing(err) {
			v.warnings = append(v.warnings, tool.Name+": "+name+" is no longer on this machine; the sandbox does without")
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", tool.Name, err)
		}
	}
	return nil
}

// isName says whether the directory that a symlink is in may be walked to: the
// link itself is only shown, and what it leads to is there or it is not.
func (v *view) isName(link string) bool {
	dir, err := v.refuse.follow(filepath.Dir(link))
	return err == nil && dir == filepath.Dir(link)
}

func (v *view) addShown(name string) error {
	if v.has(name) {
		return nil
	}
	source, err := v.source(name, false)
	if err != nil {
		return err
	}
	v.mount(source, source, true)
	return nil
}

// toolEnvironment are the variables of what was found below the home directory.
// Its directories come first in PATH, as they do in the user's own.
func toolEnvironment(spec store.Spec) map[string]string {
	env := map[string]string{}
	var bins []string
	if spec.Program != nil {
		bins = slices.Clone(spec.Program.Bin)
	}
	for _, tool := range spec.Tools {
		bins = append(bins, tool.Bin...)
		for name, value := range tool.Env {
			env[name] = value
		}
	}
	if len(bins) > 0 {
		env["PATH"] = strings.Join(append(bins, execPath), ":")
	}
	return env
}
