package identity

import (
	"errors"
	"fmt"
	"unique"

	"golang.org/x/sys/unix"
)

// maxAncestors bounds the work one connect can cause.
const maxAncestors = 64

// attempts is how often the ancestors are read anew when one of them ends meanwhile.
const attempts = 3

// own is what is read of a thread while it is held. The caller closes its program.
type own struct {
	tid     int
	program program
	status  status // its process's parent and session; and a time at which it had started already
	tainted string
	unknown string // why something is missing
}

// readOwn reads the held thread. It does not fail: what could not be found out is the reason for an
// unknown caller.
func (w *Watcher) readOwn(tid int, s socket) own {
	o := own{tid: tid}
	var err error
	if o.program, err = w.proc.program(tid); err != nil {
		o.unknown = fmt.Sprintf("its executable cannot be read: %v", err)
		return o
	}
	o.tainted = w.mappings.tainted(w.proc, tid)
	if o.status, err = w.ownStatus(tid, s); err != nil {
		o.unknown = fmt.Sprintf("its process cannot be read: %v", err)
	}
	return o
}

// ownStatus asks /proc only where the pidfd has not told all: on older kernels, and for a process whose start
// must be known exactly because something was noted of its number.
func (w *Watcher) ownStatus(tid int, s socket) (status, error) {
	if s.kin.parent == 0 || w.lineage.has(s.kin.group) {
		return w.proc.status(processOf(tid, s)) // a thread starts later than its process
	}
	start, err := ticks()
	now := status{pid: s.kin.group, parent: s.kin.parent, start: start}
	if err == nil && now.parent == w.init {
		now.session, err = unix.Getsid(now.pid)
	}
	return now, err
}

// ticks returns the time in the unit and from the origin of proc_pid_stat(5)'s start time: USER_HZ,
// which is 100 on every architecture Go runs on, since boot.
func ticks() (uint64, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0, err
	}
	return uint64(now.Nano()) / 10_000_000, nil
}

// errChanged means that a process ended while the ancestors were read.
var errChanged = errors.New("its ancestors changed while they were read")

// ancestors names the processes between o and the sandbox's init, or says why it cannot.
func (w *Watcher) ancestors(o own) (names []string, unknown string) {
	child := o.status
	var err error
	for range attempts {
		if names, err = w.climb(child); err == nil {
			return names, ""
		}
		if !errors.Is(err, errChanged) {
			break
		}
		// An orphan has another parent by now. A process that started later only has the number.
		again, gone := w.proc.status(o.status.pid)
		if gone != nil || again.start > o.status.start {
			break
		}
		child = again
	}
	return nil, err.Error()
}

// orphan ends the ancestors of a process whose parent was killed: nobody knows any more who it was. It is no
// absolute path and so matches no policy; ancestors only grant, so it is enough that the lost ones do not.
const orphan = "?orphan"

// climb goes from parent to parent. Any of them may end at any moment and its number be given away:
// the new owner started later than the child, which no parent did. (Within one tick of 10 ms the
// numbers of a whole system cannot be used up.) The children of a process that has ended are init's; who
// it was stands in the lineage.
func (w *Watcher) climb(child status) (names []string, err error) {
	for {
		before, noted := w.lineage.of(child)
		switch {
		case noted:
			names = append(names, before...)
			return names[:min(len(names), maxAncestors)], nil
		case child.parent == w.init:
			return append(names, w.top(child)...), nil
		case child.parent <= 1:
			return nil, errors.New("it does not descend from the sandbox's init")
		case len(names) == maxAncestors:
			return nil, fmt.Errorf("it has more than %d ancestors", maxAncestors)
		}
		name, parent, err := w.ancestor(child.parent)
		if err != nil {
			return nil, fmt.Errorf("%w: %v", errChanged, err)
		}
		if parent.start > child.start {
			return nil, fmt.Errorf("%w: one started after its child", errChanged)
		}
		names, child = append(names, name), parent
	}
}

// top is what stands above a child of init. What init starts leads a session of its own; what does not was left
// to it. (A process that makes itself a leader and whose parent is killed passes for one that init started.)
func (w *Watcher) top(child status) []string {
	if child.session == child.pid {
		return nil
	}
	return []string{orphan}
}

// ancestor names one process. One that cannot be vouched for is marked so that no absolute pattern
// matches it: ancestors can only grant, so it is enough that this one does not. Equal names are one string,
// because very many of them are kept.
func (w *Watcher) ancestor(pid int) (name string, s status, err error) {
	p, err := w.proc.program(pid)
	if err != nil {
		return "", status{}, err
	}
	defer p.close()
	if s, err = w.proc.status(pid); err != nil {
		return "", status{}, err
	}
	name = p.path
	if _, unknown := w.content.known(p, w.waiter(pid)); unknown != "" {
		name = "?" + p.path
	}
	return unique.Make(name).Value(), s, nil
}
