package confine

import "golang.org/x/sys/unix"

// auditArch is the only architecture whose calls the filter lets through.
const auditArch = unix.AUDIT_ARCH_X86_64

// archForbidden are refused on this architecture only.
func archForbidden() []uint32 {
	return []uint32{unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT, unix.SYS_USELIB, unix.SYS_USTAT, unix.SYS_SYSFS, unix.SYS__SYSCTL}
}

// archSetIDRules are the older calls that only this architecture has.
func archSetIDRules() []rule {
	return []rule{
		withSetID(unix.SYS_CHMOD, 1), withSetID(unix.SYS_CREAT, 1), withSetID(unix.SYS_MKNOD, 1),
		createsSetID(unix.SYS_OPEN, 1, 2),
	}
}
