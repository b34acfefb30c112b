package confine

import "golang.org/x/sys/unix"

// Requests of ioctl(2) that package unix does not name.
const (
	ioctlReserve    = 0x40305828 // FS_IOC_RESVSP, on every file system (linux/falloc.h)
	ioctlReserve64  = 0x4030582a // FS_IOC_RESVSP64
	ioctlZeroRange  = 0x40305839 // FS_IOC_ZERO_RANGE
	ioctlAllocate   = 0x4030580a // XFS_IOC_ALLOCSP, before Linux 5.17
	ioctlAllocate64 = 0x40305824 // XFS_IOC_ALLOCSP64
	ioctlSubvolume  = 0x4020bc10 // BCH_IOCTL_SUBVOLUME_CREATE

	ioctlType  = 0xff00 // the bits that say whose a request is
	ioctlBtrfs = 0x9400
)

// allocationRules refuse fallocate(2) where it takes space, and its older form as
// an ioctl: a whole disk would be full at once, before anybody could notice.
// Programs write instead, as on a file system that does not know it
// (posix_fallocate(3)). Giving space back is left.
func allocationRules() []rule {
	const givesBack = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_COLLAPSE_RANGE
	all := []rule{{unix.SYS_FALLOCATE, []test{{arg: 1, mask: givesBack, val: 0}}, errno(unix.EOPNOTSUPP)}}
	for _, request := range []uint32{ioctlReserve, ioctlReserve64, ioctlZeroRange, ioctlAllocate, ioctlAllocate64} {
		all = append(all, rule{unix.SYS_IOCTL, []test{{arg: 1, val: request}}, errno(unix.EOPNOTSUPP)})
	}
	return all
}

// volumeRules refuse snapshots. Older kernels take one of the whole subvolume from
// any file in it: of the home that a workdir lies in, into that workdir, where
// every file of it could be read. Copies that share their blocks are left.
func volumeRules() []rule {
	return []rule{
		{unix.SYS_IOCTL, []test{
			{arg: 1, mask: ioctlType, val: ioctlBtrfs},
			{arg: 1, val: unix.FICLONE, not: true},
			{arg: 1, val: unix.FICLONERANGE, not: true},
			{arg: 1, val: unix.FIDEDUPERANGE, not: true},
		}, errno(unix.ENOTTY)},
		{unix.SYS_IOCTL, []test{{arg: 1, val: ioctlSubvolume}}, errno(unix.ENOTTY)},
	}
}
