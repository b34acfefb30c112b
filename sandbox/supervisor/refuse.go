package supervisor

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// inode names a directory whatever path leads to it: a bind mount of the home
// directory at another place is still the home directory.
type inode struct{ dev, ino uint64 }

func inodeOf(path string) (inode, bool) {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return inode{}, false
	}
	return inode{st.Dev, st.Ino}, true
}

// refusals knows what never goes into a sandbox. A secret, a control socket or
// the record in the agent's view would be the end of the enforcement.
type refusals struct {
	own   map[inode]string // our directories: refused, as is all in them
	above map[inode]string // directories that contain one of ours
	broad map[inode]string // too much at once; directories below them are fine

	home     string   // the user's
	uid      int      // of the sandbox's programs; see follow
	writable []string // what they can write to
}

// newRefusals reads the places as they are now. home may be empty.
func newRefusals(own []string, home string) refusals {
	r := refusals{own: map[inode]string{}, above: map[inode]string{}, broad: map[inode]string{}, home: home, uid: -1}
	for _, path := range []string{"/", "/home", "/root", "/run", "/var/run", home} {
		if id, ok := inodeOf(path); ok && path != "" && r.broad[id] == "" {
			r.broad[id] = path
		}
	}
	for _, path := range own {
		if id, ok := inodeOf(path); ok {
			r.own[id] = path
		}
		for dir := range ancestors(filepath.Dir(path)) {
			if id, ok := inodeOf(dir); ok {
				r.above[id] = path
			}
		}
	}
	return r
}

// check returns the real path of a mount source, or why it must not be mounted.
func (r refusals) check(path string) (string, error) {
	resolved, err := r.follow(path)
	if err != nil {
		return "", err
	}
	if err := r.checkPlace(path, resolved); err != nil {
		return "", err
	}
	// The mount is recursive: what is mounted below the source comes with it.
	below, err := mountsBelow(resolved)
	if err != nil {
		return "", err
	}
	for _, place := range below {
		if err := r.checkPlace(path, place); err != nil {
			return "", err
		}
	}
	return resolved, nil
}

func (r refusals) checkPlace(named, place string) error {
	id, ok := inodeOf(place)
	if !ok {
		return nil // vanished, or unreadable for us and so for the sandbox
	}
	if what, found := r.broad[id]; found {
		if what != named {
			named += ", which is " + what
		}
		return &hintError{fmt.Sprintf("refusing to mount %s: it holds more than one project", named), "name a directory below " + what}
	}
	if what, found := r.above[id]; found {
		return &hintError{fmt.Sprintf("refusing to mount %s: it contains exeat's own files (%s)", named, what), "name a directory that does not contain " + what}
	}
	for dir := range ancestors(place) {
		if id, ok := inodeOf(dir); ok && r.own[id] != "" {
			return &hintError{fmt.Sprintf("refusing to mount %s: it lies in exeat's own files (%s)", named, r.own[id]), "name a directory outside " + r.own[id]}
		}
	}
	return nil
}

// ancestors yields the real path of dir, its parent, and so on up to the root.
func ancestors(dir string) func(yield func(string) bool) {
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	return func(yield func(string) bool) {
		for yield(dir) && dir != "/" && dir != "." {
			dir = filepath.Dir(dir)
		}
	}
}

// mountsBelow lists the mount points strictly below dir, see proc_pid_mountinfo(5).
func mountsBelow(dir string) ([]string, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	defer file.Close()
	var below []string
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 {
			continue
		}
		if point := unescapeOctal(fields[4]); strings.HasPrefix(point, strings.TrimSuffix(dir, "/")+"/") {
			below = append(below, point)
		}
	}
	return below, lines.Err()
}

// unescapeOctal undoes the kernel's \040 for blanks in mountinfo.
func unescapeOctal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
