package confine

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// securebits(7): root's uid means nothing, capabilities are not kept or raised
// across a change of uid, and none of that can be undone.
const securebits = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<5 | 1<<6 | 1<<7

// giveUp takes all rights from the calling thread and returns the listener of
// its seccomp filter, nil where the kernel gives none. The order is forced: the bounding set needs a capability,
// Landlock and an unprivileged filter need no_new_privs, and the filter forbids
// what came before.
func giveUp(spec *Spec, r *report) (*os.File, error) {
	if err := dropBounding(); err != nil {
		return nil, err
	}
	for _, c := range []struct {
		what   string
		option int
		arg    uintptr
	}{
		{"securebits", unix.PR_SET_SECUREBITS, securebits},
		{"clear ambient capabilities", unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL},
		{"no_new_privs", unix.PR_SET_NO_NEW_PRIVS, 1},
	} {
		if err := unix.Prctl(c.option, c.arg, 0, 0, 0); err != nil {
			return nil, fmt.Errorf("%s: %w", c.what, err)
		}
	}
	// The user's session keyring would come along; programs get an empty one.
	if _, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0); err != nil && !errors.Is(err, unix.ENOSYS) {
		return nil, &StartError{
			Step: "lock down", Errno: errnoOf(err),
			Message: fmt.Sprintf("keyctl(2), which takes your session keyring from a sandbox, does not work here: %v", err),
			Advice:  "run exeat outside of containers that restrict keyctl(2), or: docker run --security-opt seccomp=unconfined ...",
		}
	}
	if err := restrict(spec, r); err != nil {
		return nil, err
	}
	var none capabilities
	if err := unix.Capset(none.asHeader(), &none.sets[0]); err != nil {
		return nil, os.NewSyscallError("capset", err)
	}
	return installFilter(choice{landlockABI: r.LandlockABI, hold: spec.Hold}, r)
}

func dropBounding() error {
	for c := uintptr(0); ; c++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) && c > unix.CAP_AUDIT_READ {
			return nil // past the last one this kernel knows
		}
		if err != nil {
			return fmt.Errorf("drop capability %d: %w", c, err)
		}
	}
}

// capabilities are the arguments of capset(2) for the calling thread; the zero
// value has none.
type capabilities struct {
	header unix.CapUserHeader
	sets   [2]unix.CapUserData
}

func (c *capabilities) asHeader() *unix.CapUserHeader {
	c.header.Version = unix.LINUX_CAPABILITY_VERSION_3
	return &c.header
}
