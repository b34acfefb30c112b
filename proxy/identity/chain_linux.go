package identity

import (
	"errors"
	"fmt"

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
	status  status // its process's parent; and a time at which it had started already
	unknown string // why something is missing
}

// readOwn reads the held thread. It does not fail: what could not be found out is the reason for an
// unknown caller.
func readOwn(tid int, k kin) own {
	o := own{tid: tid}
	var err error
	if o.program, err = openProgram(tid); err != nil {
		o.unknown = fmt.Sprintf("its executable cannot be read: %v", err)
		return o
	}
	if k.parent != 0 {
		o.status.parent = k.parent
		o.status.start, err = ticks()
	} else {
		o.status, err = readStatus(tid)
	}
	if err != nil {
		o.unknown = fmt.Sprintf("its process cannot be read: %v", err)
	}
	return o
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
		again, gone := readStatus(o.tid)
		if gone != nil || again.start > o.status.start {
			break
		}
		child = again
	}
	return nil, err.Error()
}

// climb goes from parent to parent. Any of them may end at any moment and its number be given away:
// the new owner started later than the child, which no parent did. (Within one tick of 10 ms the
// numbers of a whole system cannot be used up.)
func (w *Watcher) climb(child status) (names []string, err error) {
	for child.parent != w.init {
		switch {
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
	return names, nil
}

// ancestor names one process. One that cannot be vouched for is marked so that no absolute pattern
// matches it: ancestors can only grant, so it is enough that this one does not.
func (w *Watcher) ancestor(pid int) (name string, s status, err error) {
	p, err := openProgram(pid)
	if err != nil {
		return "", status{}, err
	}
	defer p.close()
	if s, err = readStatus(pid); err != nil {
		return "", status{}, err
	}
	if _, unknown := w.content.known(p); unknown != "" {
		return "?" + p.path, s, nil
	}
	return p.path, s, nil
}
