package supervisor

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
	"exeat/sandbox/control"
)

// reportLimits says what bounds the sandbox now: what the kernel has, and what
// the guard looks after.
func (s *supervisor) reportLimits() ([]control.Limit, error) {
	all, err := s.box.Limits()
	if err != nil {
		return nil, fmt.Errorf("read limits: %w", err)
	}
	memory, err := s.box.Memory()
	if err != nil {
		return nil, fmt.Errorf("read memory: %w", err)
	}
	group, err := s.groupLimits()
	if err != nil {
		return nil, err
	}
	disk, err := s.diskLimits()
	if err != nil {
		return nil, err
	}
	all = append(append(group, all...), confine.Limit{
		Name: "memory", Max: s.limits.Memory, Used: memory.Bytes, Bytes: true,
		Mechanism: "supervisor ends the largest program; the kernel's OOM killer takes the sandbox's first (oom_score_adj " + s.box.OOMScore() + ")",
	})
	all = append(all, disk...)
	reported := make([]control.Limit, 0, len(all))
	for _, l := range all {
		reported = append(reported, limitOf(l))
	}
	return reported, nil
}

// diskLimits are those of the home.
func (s *supervisor) diskLimits() ([]confine.Limit, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir.Home(), &st); err != nil {
		return nil, fmt.Errorf("disk of the home: %w", os.NewSyscallError("statfs", err))
	}
	const pauses = "supervisor pauses the sandbox"
	return []confine.Limit{
		{Name: homePath, Max: s.limits.Disk, Used: s.guard.homeBytes(), Bytes: true, Mechanism: pauses},
		{Name: "files in " + homePath, Max: homeFilesMax, Used: -1, Mechanism: pauses},
		{Name: "kept free on the disk", Max: reserve(int64(st.Blocks) * st.Bsize), Used: -1, Bytes: true, Mechanism: pauses},
	}, nil
}

func limitOf(l confine.Limit) control.Limit {
	c := control.Limit{Name: l.Name, Unit: "number", Mechanism: l.Mechanism}
	if l.Bytes {
		c.Unit = "bytes"
	}
	if l.Max >= 0 {
		c.Max = &l.Max
	}
	if l.Used >= 0 {
		c.Used = &l.Used
	}
	return c
}
