package supervisor

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"exeat/policy"
	"exeat/sandbox/confine"
)

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

// addPath mounts one path of the policy at its own place; where that leads
// elsewhere, at that place, and the path becomes a symlink as it is on the host.
func (v *view) addPath(name string, readOnly bool) error {
	if isOwn(name) {
		return nil
	}
	if readOnly && v.has(name) {
		return v.exists(name)
	}
	source, err := v.source(name, !readOnly)
	if isMissing(err) {
		return v.missing(name)
	}
	if err != nil {
		return err
	}
	if isOwn(source) {
		return &hintError{name + " leads to " + source + ", and that place is the sandbox's own", "remove " + name + " from the policy"}
	}
	v.mount(source, source, readOnly)
	if source != name {
		v.names = append(v.names, name)
	}
	return nil
}

func isMissing(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTDIR) }

// has says whether the view shows name already and read-only: below a mount
// that is, with no writable one between the two.
func (v *view) has(name string) bool {
	return slices.ContainsFunc(v.mounts, func(m confine.Mount) bool {
		return m.ReadOnly && within(name, m.Target) && !slices.ContainsFunc(v.changeable, func(w string) bool {
			return within(name, w) && within(w, m.Target)
		})
	})
}

// exists says what is said of any other missing path also of one that needs no
// mount. What every program needs is left out without a word where it is not.
func (v *view) exists(name string) error {
	if slices.Contains(baselineUsr, name) {
		return nil
	}
	if _, err := os.Stat(name); isMissing(err) {
		return v.missing(name)
	}
	return nil
}

// addNames makes the paths of the policy that lead elsewhere lead there in the
// view, unless the symlink is in what is shown anyway.
func (v *view) addNames() error {
	root := v.root()
	for _, name := range v.names {
		real, err := v.refuse.follow(name)
		if err != nil {
			return err
		}
		if at, _ := root.resolve(name); at != real {
			v.links = append(v.links, confine.Link{Path: name, Target: real})
		}
	}
	return nil
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
