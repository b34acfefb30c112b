package confine

import (
	"errors"
	"fmt"
	"os"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

const (
	landRead = uint64(ll.AccessFSExecute | ll.AccessFSReadFile | ll.AccessFSReadDir)
	landList = uint64(ll.AccessFSReadDir)
	// landUse is everything but the right to reach unix sockets: programs of the
	// sandbox need none for each other's, and those from outside are out of reach.
	landUse  = ^uint64(ll.AccessFSResolveUnix)
	landNode = uint64(ll.AccessFSReadFile | ll.AccessFSWriteFile | ll.AccessFSIoctlDev)
	// landOnFile are the rights that exist for a file; others make the kernel
	// refuse a rule on one.
	landOnFile = uint64(ll.AccessFSExecute | ll.AccessFSReadFile | ll.AccessFSWriteFile | ll.AccessFSTruncate | ll.AccessFSIoctlDev)
)

// restrict puts the calling thread into a Landlock domain and notes the ABI it
// was made with, 0 where the kernel has none and the spec can do without.
func restrict(spec *Spec, r *report) error {
	abi, err := ll.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		r.NoLandlock = noLandlock(err)
		if spec.Landlock.Require {
			return &StartError{
				Step: "lock down", Errno: errnoOf(err), Message: r.NoLandlock + ", and the policy requires it (landlock.compatibility: hard_requirement)",
				Advice: landlockAdvice + ", or write compatibility: best_effort",
			}
		}
		return nil
	}
	r.LandlockABI = abi
	return enterDomain(spec, abi)
}

const landlockAdvice = "use a kernel with CONFIG_SECURITY_LANDLOCK and boot it with lsm=landlock,..."

// noLandlock says which of the two it is (landlock_create_ruleset(2)).
func noLandlock(err error) string {
	if errors.Is(err, unix.EOPNOTSUPP) {
		return "Landlock is switched off in this kernel since boot"
	}
	return fmt.Sprintf("this kernel has no Landlock (%v)", err)
}

func enterDomain(spec *Spec, abi int) error {
	handled := handledRights(abi)
	ruleset := ll.RulesetAttr{HandledAccessFS: handled}
	if abi >= 6 {
		ruleset.Scoped = ll.ScopeAbstractUnixSocket | ll.ScopeSignal
	}
	fd, err := ll.LandlockCreateRuleset(&ruleset, 0)
	if err != nil {
		return fmt.Errorf("landlock ruleset: %w", err)
	}
	defer unix.Close(fd)
	if err := addRules(fd, handled, spec); err != nil {
		return err
	}
	if err := ll.LandlockRestrictSelf(fd, 0); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	return nil
}

// handledRights are those an ABI knows (landlock(7), "Previous limitations").
func handledRights(abi int) uint64 {
	rights := uint64(ll.AccessFSMakeSym<<1 - 1)
	for _, since := range []struct {
		abi   int
		right uint64
	}{{2, ll.AccessFSRefer}, {3, ll.AccessFSTruncate}, {5, ll.AccessFSIoctlDev}, {9, ll.AccessFSResolveUnix}} {
		if abi >= since.abi {
			rights |= since.right
		}
	}
	return rights
}

// addRules allows what the spec names, and the sandbox's own places. /proc is
// not writable: /proc/PID/mem is how one program of a uid would change another.
func addRules(ruleset int, handled uint64, spec *Spec) error {
	add := func(right uint64, paths ...string) error {
		for _, p := range paths {
			if err := addRule(ruleset, right&handled, p); err != nil {
				return fmt.Errorf("landlock rule for %s: %w", p, err)
			}
		}
		return nil
	}
	var files, nodes []string
	for _, f := range spec.Files {
		files = append(files, f.Path)
	}
	for _, n := range deviceNodes() {
		nodes = append(nodes, "/dev/"+n)
	}
	return errors.Join(
		add(landList, "/"),
		add(landRead, "/proc", "/dev", "/exeat"),
		add(landRead, files...),
		add(landNode, nodes...),
		add(landUse, "/tmp", "/dev/shm", "/dev/pts"),
		add(landRead, spec.Landlock.ReadOnly...),
		add(landUse, spec.Landlock.ReadWrite...),
	)
}

func addRule(ruleset int, right uint64, path string) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	dir, err := isDir(fd)
	if err != nil {
		return err
	}
	if !dir {
		right &= landOnFile
	}
	return ll.LandlockAddPathBeneathRule(ruleset, &ll.PathBeneathAttr{AllowedAccess: right, ParentFd: fd}, 0)
}
