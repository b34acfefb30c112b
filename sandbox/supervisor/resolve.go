package supervisor

import (
	"os"
	"path"
	"strings"
)

// maxLinks is the kernel's own limit on symlinks in one path (path_resolution(7)).
const maxLinks = 40

// viewRoot finds files by the paths they have inside the sandbox. It looks at
// the mounted sources on the host, so it works before anything is mounted, and
// a symlink to an absolute path starts again at the sandbox's root, not ours.
type viewRoot struct {
	mounts map[string]string // target inside to source on the host
	links  map[string]string // symlinks we make ourselves, such as /bin → usr/bin
}

// resolve follows every symlink of an absolute path, and says whether the end exists.
func (v viewRoot) resolve(name string) (string, bool) {
	rest := strings.Split(path.Clean(name), "/")[1:]
	at := "/"
	for links := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		target, isLink := v.readlink(next)
		if !isLink {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return "", false
		}
		if path.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(strings.Trim(path.Clean(target), "/"), "/"), rest...)
	}
	_, exists := v.lstat(at)
	return at, exists
}

func (v viewRoot) readlink(name string) (string, bool) {
	if target, ok := v.links[name]; ok {
		return target, true
	}
	host, ok := v.host(name)
	if !ok {
		return "", false
	}
	target, err := os.Readlink(host)
	return target, err == nil
}

func (v viewRoot) lstat(name string) (os.FileInfo, bool) {
	host, ok := v.host(name)
	if !ok {
		return nil, false
	}
	info, err := os.Lstat(host)
	return info, err == nil
}

// host maps a path inside, free of symlinks, to the file on the host.
func (v viewRoot) host(name string) (string, bool) {
	for dir := name; ; dir = path.Dir(dir) {
		if source, ok := v.mounts[dir]; ok {
			return path.Join(source, strings.TrimPrefix(name, dir)), true
		}
		if dir == "/" {
			return "", false
		}
	}
}

// aliases are the other exact paths that a binary of the policy means: what
// the kernel will call it once its symlinks are followed.
func (v viewRoot) aliases(name string) []string {
	if strings.ContainsAny(name, "*?[") {
		return nil
	}
	if real, exists := v.resolve(name); exists && real != name {
		return []string{real}
	}
	return nil
}
