package sandbox

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"exeat/sandbox/early"
)

// hostIDs are the uid and gid a sandbox's programs have on the host: the
// user's own; for root those of the workdir's owner, else some of the
// sandbox's own. Never 0: a process of root's opens what root owns even when it
// has no capability left.
func hostIDs(id, workdir string) (uid, gid int, err error) {
	if euid := os.Geteuid(); euid != 0 {
		return euid, os.Getegid(), nil
	}
	own, err := early.OwnID(id)
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
