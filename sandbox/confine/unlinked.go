package confine

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Unlinked is what deleted files that programs still have open take of the file
// system dev. A walk does not find those; hidden says that a program does not
// show its files (PR_SET_DUMPABLE(2const)).
func (b *Box) Unlinked(dev uint64) (bytes int64, hidden bool, err error) {
	pids, err := b.pids()
	if err != nil {
		return 0, false, err
	}
	seen := map[uint64]struct{}{}
	for _, pid := range pids {
		if pid == "1" {
			continue
		}
		n, ok := b.unlinkedOf(pid, dev, seen)
		bytes += n
		hidden = hidden || !ok
	}
	return bytes, hidden, nil
}

// unlinkedOf adds up those of one process; a file that several have open counts once.
func (b *Box) unlinkedOf(pid string, dev uint64, seen map[uint64]struct{}) (int64, bool) {
	fd, err := unix.Openat(int(b.Proc.Fd()), pid+"/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, gone(err)
	}
	dir := os.NewFile(uintptr(fd), "fd")
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0, gone(fmt.Errorf("list files: %w", err))
	}
	var all int64
	for _, name := range names {
		var st unix.Stat_t
		if unix.Fstatat(fd, name, &st, 0) != nil || st.Nlink > 0 || st.Dev != dev {
			continue
		}
		if _, again := seen[st.Ino]; !again {
			seen[st.Ino] = struct{}{}
			all += st.Blocks * 512
		}
	}
	return all, true
}
