package confine

import (
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// Check finds what Start must not even try: ids that this process may not give,
// or, in a container, cannot. The error is a [*StartError].
func (i IDs) Check() error {
	if i.HostUID == 0 || i.HostGID == 0 {
		return specError("a sandbox never runs as root, not even without capabilities", "give the host uid of the work's owner")
	}
	uid, gid := os.Geteuid(), os.Getegid()
	if uid != 0 && (i.HostUID != uid || i.HostGID != gid) {
		return specError(fmt.Sprintf("uid %d cannot make a sandbox for uid %d", uid, i.HostUID), "")
	}
	if uid == 0 {
		return checkRoot(i)
	}
	return checkDumpable()
}

// checkDumpable names a mistake that the kernel reports as "permission denied"
// on a path nobody asked for: /proc/CHILD/uid_map.
func checkDumpable() error {
	if d, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err == nil && d == 0 {
		return specError("this process is not dumpable, so it cannot write its child's uid map", "")
	}
	return nil
}

func (s *Spec) checkPaths() error {
	for _, m := range s.Mounts {
		if err := checkTarget(m.Target); err != nil {
			return err
		}
		if m.Tree == nil && !clean(m.Source) {
			return specError(fmt.Sprintf("mount source %q is not a clean absolute path", m.Source), "")
		}
	}
	for _, p := range s.Pins {
		if err := checkTarget(p.Path); err != nil {
			return err
		}
	}
	for _, f := range s.Files {
		if err := checkTarget(f.Path); err != nil {
			return err
		}
	}
	for _, l := range s.Links {
		if err := checkTarget(l.Path); err != nil {
			return err
		}
	}
	return nil
}

// checkTarget refuses paths the sandbox has of its own: a host /proc or /dev
// there would undo what hides the host.
func checkTarget(p string) error {
	if !clean(p) || p == "/" || p == "/tmp" {
		return specError(fmt.Sprintf("nothing can be mounted on %q", p), "")
	}
	for _, own := range []string{"/proc", "/dev", stage} {
		if p == own || strings.HasPrefix(p, own+"/") {
			return specError(fmt.Sprintf("nothing can be mounted on %q: %s is always the sandbox's own", p, own), "")
		}
	}
	return nil
}

func clean(p string) bool { return path.IsAbs(p) && path.Clean(p) == p && !strings.ContainsRune(p, 0) }

func specError(message, hint string) *StartError {
	return &StartError{Step: "prepare the sandbox", Message: message, Advice: hint, Errno: 0}
}
