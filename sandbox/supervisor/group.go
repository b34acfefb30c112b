package supervisor

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"exeat/sandbox/cgroup"
	"exeat/sandbox/confine"
	"exeat/sandbox/limits"
)

// openLimits completes the limits and makes a control group for them where one
// is delegated. Elsewhere the other mechanisms hold alone, and the report says so.
func (s *supervisor) openLimits(context.Context) error {
	var err error
	if s.limits, err = limits.Fill(s.sandbox.Spec.Limits); err != nil {
		return err
	}
	if err := s.checkFiles(); err != nil {
		return err
	}
	group, err := cgroup.Make(cgroup.Name(s.sandbox.ID), "memory", "pids")
	if errors.Is(err, cgroup.ErrNotDelegated) {
		s.noGroup = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	s.undo.add(func() {
		if err := group.Remove(); err != nil {
			s.logger.Warn("end", "err", err)
		}
	})
	s.group = group
	return s.bound(group)
}

// filesWanted are the descriptors that a full proxy needs: 1,024 connections have
// two each, and as many may be waiting for an answer.
const filesWanted = 4096

// checkFiles warns where this process may open few files. Its soft limit is the
// hard one already (package os), and at the limit it refuses, not ends.
func (s *supervisor) checkFiles() error {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("limit on open files: %w", err)
	}
	if files.Cur < filesWanted {
		s.warn(fmt.Sprintf("this user may have %d open files (ulimit -Hn): beyond that the sandbox's connections are refused; %d are enough", files.Cur, filesWanted))
	}
	return nil
}

// bound sets the group's limits. A program that takes too much memory is ended
// alone (memory.oom.group stays 0): the others are the agent and its work.
func (s *supervisor) bound(group *cgroup.Group) error {
	err := errors.Join(group.Set("pids.max", int64(s.limits.Processes)), group.Set("memory.max", s.limits.Memory))
	if err != nil {
		return fmt.Errorf("limits of the control group: %w", err)
	}
	if err := group.Set("memory.swap.max", 0); err != nil { // absent where the kernel counts no swap
		s.logger.Info("swap is not bounded", "err", err)
	}
	return nil
}

// enterGroup puts init into the group, before anything else runs.
func (s *supervisor) enterGroup() error {
	if s.group == nil {
		return nil
	}
	if err := s.group.Add(s.box.PID); err != nil {
		return fmt.Errorf("enter the control group: %w", err)
	}
	return nil
}

// groupLimits reads them back; without a group, it says why there is none.
func (s *supervisor) groupLimits() ([]confine.Limit, error) {
	if s.group == nil {
		return []confine.Limit{{Name: "control group", Max: -1, Used: -1, Mechanism: s.noGroup}}, nil
	}
	var all []confine.Limit
	for _, l := range []struct {
		confine.Limit
		max, used string
	}{
		{confine.Limit{Name: "processes and threads"}, "pids.max", "pids.current"},
		{confine.Limit{Name: "memory", Bytes: true}, "memory.max", "memory.current"},
	} {
		var err, errUsed error
		l.Max, err = s.group.Get(l.max)
		l.Used, errUsed = s.group.Get(l.used)
		if err = errors.Join(err, errUsed); err != nil {
			return nil, fmt.Errorf("limits of the control group: %w", err)
		}
		l.Mechanism = "control group, " + l.max
		all = append(all, l.Limit)
	}
	return all, nil
}
