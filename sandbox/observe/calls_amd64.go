package observe

import "golang.org/x/sys/unix"

// older are the calls without a directory, which only this architecture has.
func older(mask uint32) []Call {
	one, two := []argument{{-1, 0}}, []argument{{-1, 0}, {-1, 1}}
	return []Call{
		{Number: unix.SYS_OPEN, Flags: 1, Mask: mask, operation: "open", paths: one, follow: true},
		{Number: unix.SYS_CREAT, operation: "open", paths: one, follow: true, creates: true},
		{Number: unix.SYS_MKDIR, operation: "mkdir", paths: one, creates: true},
		{Number: unix.SYS_MKNOD, operation: "mknod", paths: one, creates: true},
		{Number: unix.SYS_UNLINK, operation: "remove", paths: one},
		{Number: unix.SYS_RMDIR, operation: "remove", paths: one},
		{Number: unix.SYS_RENAME, operation: "rename", paths: two, creates: true},
		{Number: unix.SYS_RENAMEAT, operation: "rename", paths: []argument{{0, 1}, {2, 3}}, creates: true},
		{Number: unix.SYS_LINK, operation: "link", paths: two, creates: true},
		{Number: unix.SYS_SYMLINK, operation: "symlink", paths: []argument{{-1, 1}}, creates: true},
		{Number: unix.SYS_CHMOD, operation: "chmod", paths: one, follow: true},
	}
}
