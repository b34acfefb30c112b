package confine

import "golang.org/x/sys/unix"

// auditArch is the only architecture whose calls the filter lets through.
const auditArch = unix.AUDIT_ARCH_AARCH64

// archForbidden are refused on this architecture only; there are none.
func archForbidden() []uint32 { return nil }

// archSetIDRules are the older calls of other architectures; there are none.
func archSetIDRules() []rule { return nil }
