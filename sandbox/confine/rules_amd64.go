package confine

import "golang.org/x/sys/unix"

// auditArch is the only architecture whose calls the filter lets through.
const auditArch = unix.AUDIT_ARCH_X86_64

// archForbidden are refused on this architecture only.
func archForbidden() []uint32 {
	return []uint32{unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT, unix.SYS_USELIB, unix.SYS_USTAT, unix.SYS_SYSFS, unix.SYS__SYSCTL}
}
