package supervisor

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"exeat/policy"
	"exeat/sandbox/confine"
	"exeat/sandbox/control"
	"exeat/store"
)

// view collects what the sandbox will see, before any of it is mounted.
type view struct {
	refuse   refusals
	strict   bool // a missing path of the policy fails the start
	mounts   []confine.Mount
	pins     []confine.Pin // hand-off files of the workdir
	links    []confine.Link
	landlock confine.Landlock
	warnings []string
}

// within says whether name is dir or lies below it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

// newView builds the view of one sandbox.
func newView(p *policy.Policy, spec store.Spec, dir control.Dir, refuse refusals) (*view, error) {
	v := &view{refuse: refuse, strict: p.Landlock.Compatibility == policy.HardRequirement}
	v.landlock.Require = v.strict
	v.addBaseline(p.Filesystem)
	if err := v.addPolicy(p.Filesystem); err != nil {
		return nil, err
	}
	if err := v.addWorkdir(p.Filesystem, spec.Workdir); err != nil {
		return nil, err
	}
	if err := v.addProgram(spec.Program); err != nil {
		return nil, err
	}
	return v, v.addOwn(p.Filesystem, dir)
}

// addPolicy mounts the policy's paths. Writable ones come second, so that a
// directory listed twice is writable.
func (v *view) addPolicy(fs policy.Filesystem) error {
	for _, name := range fs.ReadOnly {
		if slices.Contains(fs.ReadWrite, name) {
			continue
		}
		if err := v.addPath(name, true); err != nil {
			return fmt.Errorf("filesystem_policy.read_only: %w", err)
		}
	}
	for _, name := range fs.ReadWrite {
		if err := v.addPath(name, false); err != nil {
			return fmt.Errorf("filesystem_policy.read_write: %w", err)
		}
	}
	return nil
}

// addPath mounts one path of the policy at its own place.
func (v *view) addPath(name string, readOnly bool) error {
	if isOwn(name) || (readOnly && v.has(name)) {
		return nil
	}
	source, err := v.source(name, !readOnly)
	if errors.Is(err, os.ErrNotExist) {
		return v.missing(name)
	}
	if err != nil {
		return err
	}
	v.mount(source, name, readOnly)
	return nil
}

// has says whether the view shows name already, read-only like all of the baseline.
func (v *view) has(name string) bool {
	return slices.ContainsFunc(v.mounts, func(m confine.Mount) bool { return within(name, m.Target) && m.ReadOnly })
}

// missing leaves out a path that this machine does not have, unless the policy
// insists on what it says.
func (v *view) missing(name string) error {
	if v.strict {
		return &hintError{
			name + " does not exist on this machine, and landlock.compatibility is hard_requirement",
			"remove " + name + " from the policy, or write compatibility: best_effort",
		}
	}
	v.warnings = append(v.warnings, "the policy lists "+name+", which does not exist on this machine; the sandbox does without")
	return nil
}

// system are directories that may be shown but never be writable as a whole:
// for root, an idmapped mount of /etc would write the host's as root.
var system = []string{"/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/opt", "/sbin", "/srv", "/usr", "/var"}

// source checks a path of the host and returns it without symlinks.
func (v *view) source(name string, writable bool) (string, error) {
	source, err := v.refuse.check(name)
	if err != nil {
		return "", err
	}
	if writable && slices.Contains(system, source) {
		return "", &hintError{"refusing to make " + name + " writable: it belongs to the system", "name a directory below " + name}
	}
	return source, nil
}

func (v *view) mount(source, target string, readOnly bool) {
	v.mounts = append(v.mounts, confine.Mount{Source: source, Target: target, ReadOnly: readOnly})
	if readOnly {
		v.landlock.ReadOnly = append(v.landlock.ReadOnly, target)
		return
	}
	v.landlock.ReadWrite = append(v.landlock.ReadWrite, target)
}

// readOnly are the places that show the host's files as they are.
func (v *view) readOnly() []string {
	var places []string
	for _, m := range v.mounts {
		if m.ReadOnly {
			places = append(places, m.Target)
		}
	}
	return places
}

// addWorkdir mounts the live working directory at its own path.
func (v *view) addWorkdir(fs policy.Filesystem, workdir string) error {
	if workdir == "" {
		return nil
	}
	if !fs.IncludeWorkdir {
		return &hintError{"the policy says include_workdir: false, so " + workdir + " cannot be mounted", "write include_workdir: true, or leave --workdir out"}
	}
	if workdir != "/tmp" && isOwn(workdir) && !within(workdir, "/tmp") {
		return &hintError{"refusing to mount " + workdir + ": that path is the sandbox's own", "name a directory elsewhere"}
	}
	source, err := v.source(workdir, true)
	if err != nil {
		return fmt.Errorf("workdir %s: %w", workdir, err)
	}
	if source == "/tmp" {
		return &hintError{"refusing to mount /tmp: the sandbox has its own", "name a directory below /tmp"}
	}
	v.mount(source, workdir, false)
	return nil
}

// writable says whether the program may be able to change the file at a path of the view: the mount it lies on is
// not read-only, or is none that is known. What the sandbox has of its own is writable but for what is mounted there.
func (v *view) writable(name string) bool {
	at, readOnly := "", false
	for _, dir := range own {
		if within(name, dir) {
			at = dir
		}
	}
	for _, m := range v.mounts { // later ones lie over earlier ones
		if within(name, m.Target) && len(m.Target) >= len(at) {
			at, readOnly = m.Target, m.ReadOnly
		}
	}
	return !readOnly
}

// root finds files by the names they have in this view.
func (v *view) root() viewRoot {
	r := viewRoot{mounts: map[string]string{}, links: map[string]string{}}
	for _, m := range v.mounts {
		if target, err := os.Readlink(m.Source); err == nil {
			r.links[m.Target] = target // confine makes the same link
			continue
		}
		r.mounts[m.Target] = m.Source
	}
	for _, l := range v.links {
		r.links[l.Path] = l.Target
	}
	return r
}
