package identity

import "golang.org/x/sys/unix"

// handle looks at one held system call and lets it go on.
func (w *Watcher) handle(n notification, p *pending) {
	defer w.release(p)
	switch {
	case n.TID == 0: // not in our pid namespace
	case n.NR == unix.SYS_CONNECT:
		w.connect(n, p)
	case n.NR == unix.SYS_EXIT_GROUP:
		w.bequeath(n)
	}
}

// connect records who makes one connect() and lets it go on. The record is there before the socket is
// connected, so the proxy can never be faster. What only the held process can vouch for is read before
// it goes on: its socket, its executable, its code and its parent. Ancestors are not held and can execute
// another program at any time, so nothing is lost by reading them afterwards.
func (w *Watcher) connect(n notification, p *pending) {
	s, err := openSocket(int(n.TID), int(int32(n.Args[0])))
	if err != nil || !s.tcp {
		return // no record: if it does reach the proxy, it is unknown
	}
	o := w.readOwn(int(n.TID), s)
	defer o.program.close()
	if !w.listener.valid(n.ID) {
		return
	}
	r := w.records.begin(s.cookie)
	caller := w.identify(o)
	w.release(p)
	r.finish(w.complete(caller, o, s))
}

// identify names the program itself, by its content and what was seen first at its path.
func (w *Watcher) identify(o own) Caller {
	caller := Caller{Exe: o.program.path, Tainted: o.tainted, Unknown: o.unknown}
	if caller.Unknown == "" {
		caller.Hash, caller.Unknown = w.content.known(o.program)
	}
	return caller
}

// complete adds the process and its ancestors.
func (w *Watcher) complete(c Caller, o own, s socket) Caller {
	c.PID = processOf(o.tid, s)
	if c.PID == w.init {
		c.Unknown = "it is the sandbox's init"
	}
	if c.Unknown == "" {
		c.Ancestors, c.Unknown = w.ancestors(o)
	}
	return c
}

// processOf is for the record only: a thread that has ended meanwhile stands for its process.
func processOf(tid int, s socket) int {
	if s.leader {
		return tid
	}
	if s.kin.group != 0 {
		return s.kin.group
	}
	if pid, err := hostProc.threadGroup(tid); err == nil {
		return pid
	}
	return tid
}
