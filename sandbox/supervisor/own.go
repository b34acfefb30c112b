package supervisor

import (
	"slices"

	"exeat/policy"
	"exeat/sandbox/confine"
	"exeat/sandbox/control"
)

// Paths of the view that are ours.
const (
	homePath      = "/sandbox"
	ownPath       = "/exeat"
	denialsPath   = "/exeat/denials.log"
	logPath       = "/var/log"
	gitConfigPath = "/exeat/gitconfig"
	userName      = "sandbox"
)

// ownPlaces are the places that always mean the sandbox's own, whatever a policy lists.
var ownPlaces = []string{"/tmp", "/proc", "/dev", "/sys", logPath, homePath, ownPath}

func isOwn(name string) bool {
	return slices.ContainsFunc(ownPlaces, func(dir string) bool { return within(name, dir) })
}

// addOwn adds the sandbox's home and the things of ours it may read.
func (v *view) addOwn(fs policy.Filesystem, dir control.Dir) error {
	self, err := confine.Self()
	if err != nil {
		return err
	}
	v.mounts = append(v.mounts, self)
	v.mount(dir.Home(), homePath, slices.Contains(fs.ReadOnly, homePath))
	v.mount(dir.Denials(), denialsPath, true)
	v.mount(dir.Bundle(), bundlePath, true)
	v.overlay(dir.Bundle(), bundles)
	v.java = v.overlay(dir.Keystore(), keystores)
	v.mount(dir.Logs(), logPath, true) // also over the host's, where the policy shows /var
	v.landlock.ReadOnly = append(v.landlock.ReadOnly, ownPath)
	return nil
}

// overlay lays a file of ours over every one of the places that is in the view,
// at the end of its symlinks, and reports whether any is.
func (v *view) overlay(source string, names []string) bool {
	r := v.root()
	var places []string
	for _, name := range names {
		if place, ok := r.resolve(name); ok && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	for _, place := range places {
		v.mount(source, place, true)
	}
	return len(places) > 0
}
