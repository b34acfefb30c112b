package confine

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// checkRoot finds what root lacks where it is not quite root: in a container.
// The kernel would answer with EPERM or EINVAL of open_tree, chown or a write to
// uid_map, none of which says so.
func checkRoot(ids IDs) error {
	if lacking := lackingCaps(); len(lacking) > 0 {
		caps := strings.Join(lacking, ", ")
		return specError(
			fmt.Sprintf("root has no %s here (a container takes capabilities away), and cannot give files and mounts to a sandbox's own uid without", caps),
			"run exeat as an ordinary user of the container, or: docker run --cap-add "+strings.ReplaceAll(strings.ReplaceAll(caps, "CAP_", ""), ", ", " --cap-add ")+" ...")
	}
	for _, m := range []struct {
		file, what string
		id         int
	}{{"/proc/self/uid_map", "uid", ids.HostUID}, {"/proc/self/gid_map", "gid", ids.HostGID}} {
		text, err := os.ReadFile(m.file)
		if err == nil && !maps(string(text), m.id) {
			return specError(
				fmt.Sprintf("root has no %s of its own to give to a sandbox here: this is a user namespace, such as a container without root", m.what),
				"run exeat as an ordinary user, or outside of the container")
		}
	}
	return nil
}

// rootCaps are those that root uses for a sandbox: for its id maps, its mounts
// and its files.
func rootCaps() []struct {
	name string
	bit  uint
} {
	return []struct {
		name string
		bit  uint
	}{{"CAP_SYS_ADMIN", unix.CAP_SYS_ADMIN}, {"CAP_SETUID", unix.CAP_SETUID}, {"CAP_SETGID", unix.CAP_SETGID}, {"CAP_CHOWN", unix.CAP_CHOWN}}
}

func lackingCaps() []string {
	var have capabilities
	if err := unix.Capget(have.asHeader(), &have.sets[0]); err != nil {
		return nil // whatever it lacks, its first use will say
	}
	var lacking []string
	for _, c := range rootCaps() {
		if have.sets[0].Effective&(1<<c.bit) == 0 {
			lacking = append(lacking, c.name)
		}
	}
	return lacking
}

// maps says whether an id exists in a user namespace with this map, whose lines
// are "first id inside, first id outside, count" (user_namespaces(7)).
func maps(text string, id int) bool {
	for line := range strings.Lines(text) {
		var inside, outside, count int
		if _, err := fmt.Sscan(line, &inside, &outside, &count); err == nil && id >= inside && id-inside < count {
			return true
		}
	}
	return false
}
