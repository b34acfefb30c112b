package supervisor

import (
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
	refuse     refusals
	strict     bool     // a missing path of the policy fails the start
	changeable []string // what is going to be writable, as it is named
	names      []string // paths of the policy that lead elsewhere
	mounts     []confine.Mount
	pins       []confine.Pin // hand-off files of the workdir
	links      []confine.Link
	landlock   confine.Landlock
	warnings   []string
	java       bool // a keystore of Java's lies in it
}

// within says whether name is dir or lies below it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

// newView builds the view of one sandbox.
func newView(p *policy.Policy, spec store.Spec, dir control.Dir, refuse refusals) (*view, error) {
	v := &view{refuse: refuse, strict: p.Landlock.Compatibility == policy.HardRequirement}
	v.landlock.Require = v.strict
	v.expectWritable(p.Filesystem, spec)
	v.addBaseline(p.Filesystem)
	if err := v.addPolicy(p.Filesystem); err != nil {
		return nil, err
	}
	if err := v.addWorkdir(p.Filesystem, spec.Workdir); err != nil {
		return nil, err
	}
	if err := v.addProgram(spec.Program, refuse.home); err != nil {
		return nil, err
	}
	if err := v.addTools(spec.Tools); err != nil {
		return nil, err
	}
	if err := v.addRepo(spec.Repo); err != nil {
		return nil, err
	}
	if err := v.addOwn(p.Filesystem, dir); err != nil {
		return nil, err
	}
	return v, v.addNames()
}

// expectWritable notes what the sandbox will be able to change. No symlink in
// there is followed, and nothing read-only below it is left to the mount around it.
func (v *view) expectWritable(fs policy.Filesystem, spec store.Spec) {
	v.changeable = slices.Clone(fs.ReadWrite)
	if spec.Workdir != "" {
		v.changeable = append(v.changeable, spec.Workdir)
	}
	v.refuse.writable, v.refuse.uid = v.changeable, spec.HostUID
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
	if info, err := os.Lstat(source); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return "", &hintError{"refusing to mount " + name + ": it is neither a file nor a directory", "name a file or a directory"}
	}
	if writable && slices.Contains(system, source) {
		return "", &hintError{"refusing to make " + name + " writable: it belongs to the system", "name a directory below " + name}
	}
	return source, nil
}

func (v *view) mount(source, target string, readOnly bool) {
	// Files of ours lie over those of /etc, and must not go with them.
	steady := target == "/etc"
	v.mounts = append(v.mounts, confine.Mount{Source: source, Target: target, ReadOnly: readOnly, Steady: steady})
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
	if source != workdir { // it had no symlink when it was signed
		return &hintError{"workdir " + workdir + " now leads to " + source, "create a sandbox for " + source}
	}
	if slices.Contains(fs.ReadOnly, workdir) {
		return &hintError{"the policy shows " + workdir + " read-only, and --workdir would make it writable", "remove it from filesystem_policy.read_only, or leave --workdir out"}
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
	for _, dir := range ownPlaces {
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
