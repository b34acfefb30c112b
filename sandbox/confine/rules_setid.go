package confine

import "golang.org/x/sys/unix"

// setIDBits make a file run as its owner, whoever starts it.
const setIDBits = unix.S_ISUID | unix.S_ISGID

// setIDRules refuse to give them to a file. Inside they mean nothing, but a file
// of the workdir is the host's too: where root supervises, an agent's file lands
// on disk as root's, and a copy of a shell with mode 4755 made every user of the
// machine root. (systemd.exec(5) RestrictSUIDSGID= is the same list; openat2 is
// absent for it, because its mode lies in memory.)
func setIDRules() []rule {
	all := []rule{
		withSetID(unix.SYS_FCHMOD, 1), withSetID(unix.SYS_FCHMODAT, 2), withSetID(unix.SYS_FCHMODAT2, 2),
		withSetID(unix.SYS_MKNODAT, 2), createsSetID(unix.SYS_OPENAT, 2, 3),
	}
	return append(all, archSetIDRules()...)
}

// withSetID is a call whose argument mode has one of the bits.
func withSetID(number, mode uint32) rule {
	return rule{number, []test{{arg: mode, mask: setIDBits, val: 0, not: true}}, errno(unix.EPERM)}
}

// createsSetID is an open whose mode counts: without these flags the argument
// may be anything (open(2)).
func createsSetID(number, flags, mode uint32) rule {
	const tmpfile = unix.O_TMPFILE &^ unix.O_DIRECTORY
	r := withSetID(number, mode)
	r.tests = append(r.tests, test{arg: flags, mask: unix.O_CREAT | tmpfile, val: 0, not: true})
	return r
}
