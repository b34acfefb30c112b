package identity

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxProcesses and maxFiles bound one scan; a sandbox that has more is unknown.
const (
	maxProcesses = 32768
	maxFiles     = 65536 // of one thread
)

// sandboxProc is the /proc behind a descriptor. Every path below it is looked up anew: goroutines that read one open
// directory share its offset, and each would miss what another has read.
func sandboxProc(f *os.File) procfs { return procfs("/proc/self/fd/" + strconv.Itoa(int(f.Fd()))) }

// scan is what can be known without a seccomp listener: every process that has the connection open now must be the
// same program. It does not see a descriptor that lies in a socket's queue (SCM_RIGHTS), nor who has executed
// another program, or ended, since it connected.
func (w *Watcher) scan(inode uint32) Caller {
	if inode == 0 {
		return Caller{Unknown: "no process has this connection any more"}
	}
	link := "socket:[" + strconv.FormatUint(uint64(inode), 10) + "]"
	holders, err := w.holders(link)
	if err != nil {
		return Caller{Unknown: fmt.Sprintf("a process of the sandbox cannot be read: %v", err)}
	}
	if len(holders) == 0 {
		return Caller{Unknown: "no process has this connection any more"}
	}
	caller := w.holder(holders[0], link)
	for _, pid := range holders[1:] {
		caller = caller.and(w.holder(pid, link))
	}
	return caller
}

// holders are the processes that have the socket open, without init. One that cannot be read may be one too.
func (w *Watcher) holders(link string) (pids []int, err error) {
	all, err := numbersIn(string(w.proc)+"/.", maxProcesses)
	if err != nil {
		return nil, err
	}
	for _, pid := range all {
		has, err := w.proc.has(pid, link)
		switch {
		case pid == w.init:
		case err != nil:
			return nil, fmt.Errorf("process %d: %w", pid, err)
		case has:
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// has tells whether a thread of the process has the socket open: each may have descriptors of its own. A process
// that has ended has nothing.
func (p procfs) has(pid int, link string) (bool, error) {
	threads, err := numbersIn(p.file(pid, "task"), maxProcesses)
	for _, tid := range threads {
		dir := p.file(pid, "task/"+strconv.Itoa(tid)+"/fd")
		fds, refused := numbersIn(dir, maxFiles)
		if refused != nil && !ended(refused) {
			return false, refused
		}
		for _, fd := range fds {
			if to, err := readlink(dir + "/" + strconv.Itoa(fd)); err == nil && to == link {
				return true, nil
			}
		}
	}
	if ended(err) {
		err = nil
	}
	return false, err
}

func ended(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) }

// holder names one process. It must be the same, run the same program and have the connection still when all is read.
func (w *Watcher) holder(pid int, link string) Caller {
	changed := Caller{Unknown: "it changed while it was read"}
	first, err := w.proc.status(pid)
	if err != nil {
		return changed
	}
	p, err := w.proc.program(pid)
	if err != nil {
		return changed
	}
	defer p.close()
	o := own{tid: pid, program: p, status: first, tainted: w.mappings.tainted(w.proc, pid)}
	caller := w.identify(o)
	if caller.Unknown == "" {
		caller.Ancestors, caller.Unknown = w.ancestors(o)
	}
	last, err := w.proc.status(pid)
	now, _ := readlink(w.proc.file(pid, "exe"))
	has, refused := w.proc.has(pid, link)
	if err != nil || refused != nil || !has || last.start != first.start || now != p.path {
		return changed
	}
	return caller
}

// and is what two holders of one connection are together: no more than each of them.
func (c Caller) and(o Caller) Caller {
	switch {
	case c.Unknown != "":
		return c
	case o.Unknown != "":
		return o
	case c.Exe != o.Exe || c.Hash != o.Hash:
		c.Unknown = "two different programs have this connection"
		return c
	}
	if c.Tainted == "" {
		c.Tainted = o.Tainted
	}
	c.Ancestors = slices.DeleteFunc(slices.Clone(c.Ancestors), func(name string) bool { return !slices.Contains(o.Ancestors, name) })
	return c
}
