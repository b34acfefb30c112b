package observe

import "golang.org/x/sys/unix"

// Modes of observation, as `exeat sandbox create --observe` names them.
const (
	Files = "files" // what would change a file
	Reads = "reads" // that, and every open
)

// Call is a system call to hold.
type Call struct {
	Number int32
	// Flags is the argument with the flags of an open, of which Mask must have
	// one for the call to be held; Mask 0 holds it always.
	Flags, Mask uint32

	operation string
	paths     []argument
	follow    bool // a symlink at the end of the path
	creates   bool // the path need not exist
}

// argument is where a path and the directory it begins at are found.
type argument struct {
	dir  int // argument with a descriptor; -1 is the working directory
	path int
}

// changes are the flags of an open that changes something.
const changes = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC

// Calls are those that a mode observes.
func Calls(mode string) []Call {
	mask := uint32(changes)
	switch mode {
	case Files:
	case Reads:
		mask = 0
	default:
		return nil
	}
	at := []argument{{0, 1}}
	return append([]Call{
		{Number: unix.SYS_OPENAT, Flags: 2, Mask: mask, operation: "open", paths: at, follow: true},
		{Number: unix.SYS_MKDIRAT, operation: "mkdir", paths: at, creates: true},
		{Number: unix.SYS_MKNODAT, operation: "mknod", paths: at, creates: true},
		{Number: unix.SYS_UNLINKAT, operation: "remove", paths: at},
		{Number: unix.SYS_RENAMEAT2, operation: "rename", paths: []argument{{0, 1}, {2, 3}}, creates: true},
		{Number: unix.SYS_LINKAT, operation: "link", paths: []argument{{0, 1}, {2, 3}}, creates: true},
		{Number: unix.SYS_SYMLINKAT, operation: "symlink", paths: []argument{{1, 2}}, creates: true},
		{Number: unix.SYS_FCHMODAT, operation: "chmod", paths: at, follow: true},
		{Number: unix.SYS_FCHMODAT2, operation: "chmod", paths: at, follow: true},
		{Number: unix.SYS_TRUNCATE, operation: "truncate", paths: []argument{{-1, 0}}, follow: true},
	}, older(mask)...)
}
