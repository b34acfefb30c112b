package sandbox

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// firstOwnID begins the host ids that root gives to sandboxes which work for
// nobody: far above users, subordinate ids and systemd's dynamic ones, below
// 2^31, where old programs begin to count backwards.
const firstOwnID = 0x70000000

// hostIDs are the uid and gid a sandbox's programs have on the host: the
// user's own; for root those of the workdir's owner, else some of the
// sandbox's own. Never 0: a process of root's opens what root owns even when it
// has no capability left.
func hostIDs(id, workdir string) (uid, gid int, err error) {
	if euid := os.Geteuid(); euid != 0 {
		return euid, os.Getegid(), nil
	}
	own, err := ownID(id)
	if err != nil || workdir == "" {
		return own, own, err
	}
	var st unix.Stat_t
	if err := unix.Stat(workdir, &st); err != nil {
		return 0, 0, fmt.Errorf("workdir %s: %w", workdir, err)
	}
	uid, gid = int(st.Uid), int(st.Gid)
	if uid == 0 {
		return own, own, nil
	}
	if gid == 0 {
		gid = own
	}
	return uid, gid, nil
}

// ownID derives a number from the sandbox's id, so that its files keep their
// owner and two sandboxes hardly ever share one.
func ownID(id string) (int, error) {
	n, err := strconv.ParseUint(id[:min(4, len(id))], 16, 16)
	if err != nil {
		return 0, fmt.Errorf("sandbox id %q: %w", id, err)
	}
	return firstOwnID + int(n), nil
}
