package sockets

import "golang.org/x/sys/unix"

// owner says whose socket a file is.
type owner int

const (
	nobodys owner = iota // no socket that we know of is bound to it
	inside               // of the sandbox's network namespace
	hosts                // of ours
	untold               // the file system does not tell its files apart
	none                 // it is no socket at all: the kernel refuses it
)

// whose asks both network namespaces. A file is made by bind(2), which binds one
// socket to it for good, so the answer cannot change while the file is held.
//
// The kernel tells only the low 32 bits of an inode's number. Someone inside who
// made four thousand million files could have a socket with the low bits of a
// host's; so it is not enough that one inside matches, none of the host's may.
func (n *Connector) whose(file int, states uint32) (owner, error) {
	var st unix.Stat_t
	if err := unix.Fstat(file, &st); err != nil {
		return nobodys, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return none, nil
	}
	if manyDevices(file) {
		return untold, nil
	}
	at := placeOf(&st)
	if found, err := n.host.bound(at, states); err != nil || found {
		return hosts, err
	}
	if found, err := n.inside.bound(at, states); err != nil || !found {
		return nobodys, err
	}
	return inside, nil
}

// manyDevices is true for btrfs: each subvolume has its own inode numbers, but
// the kernel tells only the device of the whole.
func manyDevices(file int) bool {
	var fs unix.Statfs_t
	return unix.Fstatfs(file, &fs) != nil || fs.Type == unix.BTRFS_SUPER_MAGIC
}

// place is a file as the kernel names it in an answer about a socket.
type place struct{ inode, device uint32 }

func placeOf(st *unix.Stat_t) place {
	// MKDEV of the kernel's own: 12 bits of major, 20 of minor.
	return place{uint32(st.Ino), unix.Major(st.Dev)<<20 | unix.Minor(st.Dev)}
}
