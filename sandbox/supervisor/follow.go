package supervisor

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// follow resolves the symlinks of a path of the host. Those that a program in a
// sandbox could have made are refused, because it could turn them between two
// starts: of what is named in the policy, ~/work/data, the next start would show
// what the link leads to then, ~/.ssh.
func (r refusals) follow(name string) (string, error) {
	at, rest := "/", components(name)
	for links := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		target, err := r.read(next)
		if err != nil {
			return "", err
		}
		if target == "" {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return "", &os.PathError{Op: "follow", Path: name, Err: unix.ELOOP}
		}
		if path.IsAbs(target) {
			at = "/"
		}
		rest = append(components(target), rest...)
	}
	return at, nil
}

func components(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return r == '/' })
}

// read returns where a symlink leads, if it may be followed; "" for anything else.
func (r refusals) read(name string) (string, error) {
	info, err := os.Lstat(name)
	if err != nil || info.Mode().Type() != os.ModeSymlink {
		return "", err
	}
	target, err := os.Readlink(name)
	if err != nil {
		return "", err
	}
	if r.turnable(name) {
		return "", &hintError{
			fmt.Sprintf("%s is a symlink, to %s, that a program in a sandbox could turn to any place", name, target),
			"name the place it leads to, by a path without that symlink",
		}
	}
	return target, nil
}

// turnable says whether a program of the sandbox's user could make this symlink
// another one. In what it can write to that is sure; elsewhere the owner tells.
func (r refusals) turnable(link string) bool {
	var st unix.Stat_t
	if unix.Lstat(link, &st) != nil || int(st.Uid) == r.uid {
		return true
	}
	return slices.ContainsFunc(r.writable, func(dir string) bool { return within(link, dir) && link != dir })
}

// CheckPath says why a path of the host, free of symlinks, cannot be shown to a
// sandbox; own are the directories of exeat itself, home is the user's. The
// error is a sentence, with a Hint.
func CheckPath(path string, writable bool, own []string, home string) error {
	if i := slices.IndexFunc(ownPlaces, func(dir string) bool { return within(path, dir) }); i >= 0 {
		return &hintError{ownPlaces[i] + " is always the sandbox's own, so nothing of this machine's is shown there", wayAround(path)}
	}
	v := view{refuse: newRefusals(own, home)}
	_, err := v.source(path, writable)
	return err
}

func wayAround(path string) string {
	if within(path, "/tmp") && path != "/tmp" {
		return "--workdir " + path + "   (or move it out of /tmp)"
	}
	return "name a directory elsewhere"
}
