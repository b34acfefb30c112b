package supervisor

import (
	"path"
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
	denialsLink   = "/var/log/exeat/denials.log"
	gitConfigPath = "/exeat/gitconfig"
	userName      = "sandbox"
)

// own are the places that always mean the sandbox's own, whatever a policy lists.
var own = []string{"/tmp", "/proc", "/dev", "/sys", "/var/log", homePath, ownPath}

func isOwn(name string) bool {
	return slices.ContainsFunc(own, func(dir string) bool { return within(name, dir) })
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
	v.addBundle(dir.Bundle())
	v.landlock.ReadOnly = append(v.landlock.ReadOnly, ownPath, path.Dir(denialsLink))
	v.links = append(v.links, confine.Link{Path: denialsLink, Target: denialsPath})
	return nil
}

// addBundle lays the merged bundle over every place where one is read, at the
// end of its symlinks, and at one place of ours that the environment names.
func (v *view) addBundle(source string) {
	r := v.root()
	places := []string{bundlePath}
	for _, bundle := range bundles {
		if place, ok := r.resolve(bundle); ok && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	for _, place := range places {
		v.mount(source, place, true)
	}
}
