package confine

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// examine is init's part. The order is that of a start: mounts come before the
// lock-down, which forbids them.
func examine(made madeNetwork) []Finding {
	r := &report{}
	network := examineNetwork(r, made)
	view := examineMounts()
	filter := Finding{Name: filterName, State: Present, Detail: "system calls can be refused", Essential: true}
	if err := examineLockDown(r); err != nil {
		filter = failed(filter, err)
	}
	all := append(view, filter, examinedListener(r), landlockFinding(r.LandlockABI, r.NoLandlock))
	return append(append(all, network...), pidMaxFinding())
}

func examineNetwork(r *report, made madeNetwork) []Finding {
	if made.err != nil {
		return []Finding{failed(Finding{Name: "the network of a sandbox", Essential: true}, &stepError{"build the network", made.err})}
	}
	ends := made.ends
	defer ends.Close()
	six := Finding{Name: ipv6Name, State: Present, Detail: "addresses, routes and sockets"}
	if !ends.IPv6 {
		six.State, six.Detail = Missing, "switched off in this kernel"
		six.Lost, six.Advice = "programs cannot use IPv6 addresses; names work, they are answered with IPv4", "none needed"
	}
	r.NoRedirect = ends.NoRedirect
	return []Finding{redirectFinding(ends.NoRedirect, ends.Rules), six}
}

func examineMounts() []Finding {
	mounts := Finding{Name: mountsName, State: Present, Detail: "open_tree, fsopen and mount_setattr", Essential: true}
	if err := tryMounts(); err != nil {
		mounts = failed(mounts, &stepError{"build the view", err})
	}
	proc := Finding{Name: procName, State: Present, Detail: "shows the sandbox's processes alone", Essential: true}
	f, err := newProc()
	if err != nil {
		return []Finding{mounts, failed(proc, &stepError{"build the view", err})}
	}
	f.Close()
	return []Finding{mounts, proc}
}

func tryMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("detach mounts from the host's: %w", err)
	}
	nodes, err := openNodes()
	if err != nil {
		return err
	}
	defer closeNodes(nodes)
	m, err := newTmpfs("mode=755", "size=4k")
	if err != nil {
		return err
	}
	defer m.Close()
	return setAttrs(m, attrs|unix.MOUNT_ATTR_RDONLY)
}

func closeNodes(nodes map[string]*os.File) {
	for _, f := range nodes {
		f.Close()
	}
}

func examineLockDown(r *report) error {
	var listener *os.File
	_, err := newThread(func() (err error) {
		listener, err = giveUp(&Spec{}, r)
		return err
	})
	if err != nil {
		return &stepError{"lock down", err}
	}
	if listener != nil {
		r.Slow = !canSyncWakeUp(listener)
		return listener.Close()
	}
	return nil
}

// canSyncWakeUp asks for the flag that package identity sets (seccomp_unotify(2)).
func canSyncWakeUp(listener *os.File) bool {
	const setFlags, syncWakeUp = 0x40082104, 1
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, listener.Fd(), setFlags, syncWakeUp)
	return errno == 0
}

func examinedListener(r *report) Finding {
	f := listenerFinding(r.NoListener)
	switch {
	case f.State != Present:
	case r.Abortable:
		f.State, f.Lost, f.Advice = Partial, "WAIT_KILLABLE_RECV: a signal makes a program repeat the connect(2) that is held", "use Linux 5.19 or later"
	case r.Slow:
		f.State, f.Lost, f.Advice = Partial, "SYNC_WAKE_UP: each connect(2) takes about 35 µs longer", "use Linux 6.6 or later"
	}
	return f
}

// pidMaxFinding writes back what it reads, which is refused where the number is
// the whole machine's.
func pidMaxFinding() Finding {
	f := Finding{Name: pidMaxName, State: Present, Detail: "each sandbox can have its own"}
	const file = "/proc/sys/kernel/pid_max"
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, text, 0)
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		f.State, f.Detail = Missing, fmt.Sprintf("it is the machine's (%v)", errno)
		f.Lost, f.Advice = "one of the limits on the processes of a sandbox", "use Linux 6.14 or later"
	}
	return f
}
